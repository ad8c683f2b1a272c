package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// provider is what all calls share.
type provider struct {
	draining atomic.Bool
	// Why no plugin can be hosted here; empty where they can (SUP-2, PROC-10).
	cannotHost string

	mu         sync.Mutex
	configured bool
	config     config
	instance   *instanceDirectory
	logs       *logHost
	sessions   map[string]*session
}

func newProvider() *provider {
	return &provider{sessions: map[string]*session{}, cannotHost: whyNoPlugins()}
}

// intercept holds back calls that come too early or too late, and turns panics into errors.
func (p *provider) intercept(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler,
) (answer any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			complain(fmt.Sprintf("%s: %v\n%s", info.FullMethod, fault, debug.Stack()))
			answer, err = nil, status.Errorf(codes.Internal, "%s failed: %v", info.FullMethod, fault)
		}
	}()
	if p.draining.Load() {
		return nil, status.Error(codes.Unavailable, "this provider is ending")
	}
	if strings.HasPrefix(info.FullMethod, "/gestalt.provider.v1.PluginRuntimeProvider/") && !p.isConfigured() {
		return nil, status.Error(codes.FailedPrecondition, "call ConfigureProvider first: this provider has no config yet")
	}
	return handle(ctx, request)
}

func (p *provider) isConfigured() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.configured
}

// configure takes the one config of this provider's life; a refused one leaves it as it was (LIFE-3).
func (p *provider) configure(given config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.configured {
		return status.Error(codes.FailedPrecondition, "this provider is configured already; start another one")
	}
	logs, err := openLogHost(os.Getenv(logSocketVariable), os.Getenv(logSocketVariable+"_TOKEN"))
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "%s: %v", logSocketVariable, err)
	}
	if p.cannotHost == "" {
		if p.instance, err = openInstanceDirectory(os.TempDir()); err != nil {
			logs.close()
			return status.Errorf(codes.Internal, "no directory for sessions: %v", err)
		}
	}
	p.config, p.logs, p.configured = given, logs, true
	return nil
}

// find gives a session that the host names, or the status that tells why there is none (SESS-6).
func (p *provider) find(id string) (*session, error) {
	if id == "" {
		return nil, status.Error(codes.InvalidArgument, "session_id is empty; send the id that StartSession gave")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.sessions[id]; ok {
		return found, nil
	}
	return nil, status.Errorf(codes.NotFound, "there is no session %q", id)
}

func (p *provider) add(made *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[made.id] = made
}

func (p *provider) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, id)
}

func (p *provider) all() []*session {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := make([]*session, 0, len(p.sessions))
	for _, one := range p.sessions {
		found = append(found, one)
	}
	return found
}

func (p *provider) stopAll(grace time.Duration) {
	var stopping sync.WaitGroup
	for _, one := range p.all() {
		stopping.Go(func() { one.stop(grace) })
	}
	stopping.Wait()
}

func (p *provider) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logs != nil {
		p.logs.close()
	}
	if p.instance != nil {
		p.instance.remove()
	}
}
