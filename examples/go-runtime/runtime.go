package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

type runtimeService struct {
	// PrepareWorkspace stays unimplemented, as GetSupport says (WORK-1).
	protocol.UnimplementedPluginRuntimeProviderServer
	provider *provider
}

// GetSupport claims what processes of this machine can do (SUP).
func (s *runtimeService) GetSupport(context.Context, *emptypb.Empty) (*protocol.PluginRuntimeSupport, error) {
	return &protocol.PluginRuntimeSupport{
		CanHostPlugins:    s.provider.cannotHost == "",
		HostServiceAccess: protocol.PluginRuntimeHostServiceAccess_PLUGIN_RUNTIME_HOST_SERVICE_ACCESS_DIRECT,
		EgressMode:        protocol.PluginRuntimeEgressMode_PLUGIN_RUNTIME_EGRESS_MODE_NONE,
	}, nil
}

func (s *runtimeService) StartSession(
	ctx context.Context, request *protocol.StartPluginRuntimeSessionRequest,
) (*protocol.PluginRuntimeSession, error) {
	if s.provider.cannotHost != "" {
		return nil, status.Error(codes.FailedPrecondition, s.provider.cannotHost)
	}
	for field, value := range map[string]string{"image": request.GetImage(), "template": request.GetTemplate()} {
		if value != "" {
			// The command would then be a path inside of what there is none of (SESS-3).
			return nil, status.Errorf(codes.InvalidArgument,
				"%s is set, and processes have none; remove plugins.%s.execution.runtime.%s", field, request.GetPluginName(), field)
		}
	}
	made, err := newSession(s.provider.instance, request.GetMetadata(), s.provider.logs)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "no session could be made: %v", err)
	}
	made.unheard = time.AfterFunc(unclaimedTime, func() { s.stop(made) })
	s.provider.add(made)
	if ctx.Err() != nil {
		s.stop(made)
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return made.describe(), nil
}

func (s *runtimeService) GetSession(
	_ context.Context, request *protocol.GetPluginRuntimeSessionRequest,
) (*protocol.PluginRuntimeSession, error) {
	found, err := s.heard(request.GetSessionId())
	if err != nil {
		return nil, err
	}
	return found.describe(), nil
}

// ListSessions leaves out those that have stopped (SESS-7).
func (s *runtimeService) ListSessions(
	context.Context, *protocol.ListPluginRuntimeSessionsRequest,
) (*protocol.ListPluginRuntimeSessionsResponse, error) {
	answer := &protocol.ListPluginRuntimeSessionsResponse{}
	for _, one := range s.provider.all() {
		if one.isLive() {
			answer.Sessions = append(answer.Sessions, one.describe())
		}
	}
	slices.SortFunc(answer.Sessions, func(a, b *protocol.PluginRuntimeSession) int { return cmp.Compare(a.Id, b.Id) })
	return answer, nil
}

// StopSession is fine with sessions that are not there (SESS-8).
func (s *runtimeService) StopSession(
	_ context.Context, request *protocol.StopPluginRuntimeSessionRequest,
) (*emptypb.Empty, error) {
	found, err := s.heard(request.GetSessionId())
	if err == nil {
		s.stop(found)
	}
	if status.Code(err) == codes.InvalidArgument {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

func (s *runtimeService) BindHostService(
	_ context.Context, request *protocol.BindPluginRuntimeHostServiceRequest,
) (*protocol.PluginRuntimeHostServiceBinding, error) {
	found, err := s.heard(request.GetSessionId())
	if err != nil {
		return nil, err
	}
	if fault := variableFault(request.GetEnvVar()); fault != "" {
		return nil, status.Error(codes.InvalidArgument, "env_var "+fault)
	}
	if request.GetRelay().GetDialTarget() == "" {
		return nil, status.Error(codes.InvalidArgument, "relay.dial_target is missing; send where the host service listens")
	}
	relay, err := parseTarget(request.GetRelay().GetDialTarget())
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "relay.dial_target %v", err)
	}
	value := request.GetRelay().GetDialTarget()
	if relay.scheme == "unix" {
		// The plugin runs on this machine: the host's path works as it is (BIND-2).
		value = relay.address
	}
	if err := found.bind(request.GetEnvVar(), value); err != nil {
		return nil, err
	}
	return &protocol.PluginRuntimeHostServiceBinding{
		Id: "binding-" + rand.Text(), SessionId: found.id, EnvVar: request.GetEnvVar(), Relay: request.GetRelay(),
	}, nil
}

// RemoveWorkspace comes whether or not there are workspaces (WORK-1).
func (s *runtimeService) RemoveWorkspace(
	context.Context, *protocol.RemovePluginRuntimeWorkspaceRequest,
) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (s *runtimeService) heard(id string) (*session, error) {
	found, err := s.provider.find(id)
	if err == nil {
		found.heard()
	}
	return found, err
}

func (s *runtimeService) stop(found *session) {
	found.stop(s.provider.config.stopGrace)
	found.log.flush()
	s.provider.forget(found.id)
}

// variableFault says what is wrong with the name of an environment variable.
func variableFault(name string) string {
	switch {
	case name == "":
		return "is empty; send the name of the environment variable"
	case strings.ContainsAny(name, "=\x00"):
		return fmt.Sprintf("is %q, which no environment variable can be called", name)
	}
	return ""
}
