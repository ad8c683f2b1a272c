package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"crypto/rand"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// What a plugin gets of the provider's own environment; the operator's secrets are in the rest (PLUG-2).
var safeVariables = []string{"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}

const socketPoll = 10 * time.Millisecond

// StartPlugin returns when the plugin accepts gRPC connections, or leaves nothing behind (PLUG-4, PLUG-7).
func (s *runtimeService) StartPlugin(
	ctx context.Context, request *protocol.StartHostedPluginRequest,
) (*protocol.HostedPlugin, error) {
	found, err := s.heard(request.GetSessionId())
	if err != nil {
		return nil, err
	}
	if err := checkStart(request); err != nil {
		return nil, err
	}
	bindings, err := found.beginStart()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.provider.config.readyTimeout)
	defer cancel()
	defer context.AfterFunc(found.ctx, cancel)()
	plugin, failure := s.launch(ctx, found, request, bindings)
	if failure != nil {
		if found.ctx.Err() != nil {
			failure = status.Errorf(codes.Aborted, "session %q was stopped while its plugin was starting", found.id)
		}
		found.log.push(protocol.PluginRuntimeLogStream_PLUGIN_RUNTIME_LOG_STREAM_RUNTIME, status.Convert(failure).Message())
		// The host adds the last records to the operator's error (LOGS-3).
		found.log.flush()
	}
	found.finishStart(plugin, failure)
	if failure != nil {
		return nil, failure
	}
	return &protocol.HostedPlugin{
		Id: "plugin-" + rand.Text(), SessionId: found.id, PluginName: request.GetPluginName(),
		DialTarget: "unix://" + found.socketPath(),
	}, nil
}

func checkStart(request *protocol.StartHostedPluginRequest) error {
	if request.GetCommand() == "" {
		return status.Error(codes.InvalidArgument, "command is empty; send the program to run")
	}
	for _, text := range append([]string{request.GetCommand()}, request.GetArgs()...) {
		if strings.ContainsRune(text, 0) {
			return status.Errorf(codes.InvalidArgument, "command and args: %q holds a NUL, which no argument can", text)
		}
	}
	for name, value := range request.GetEnv() {
		if fault := variableFault(name); fault != "" {
			return status.Error(codes.InvalidArgument, "env: a name "+fault)
		}
		if strings.ContainsRune(value, 0) {
			return status.Errorf(codes.InvalidArgument, "env.%s holds a NUL, which no environment can", name)
		}
	}
	return nil
}

func (s *session) socketPath() string { return filepath.Join(s.directory, "plugin.sock") }

// environment puts together what the plugin sees; later ones win (PLUG-2, PLUG-3).
func (s *session) environment(request *protocol.StartHostedPluginRequest, bindings map[string]string) []string {
	all := map[string]string{}
	for _, name := range safeVariables {
		if value, ok := os.LookupEnv(name); ok {
			all[name] = value
		}
	}
	all["HOME"], all["TMPDIR"] = filepath.Join(s.directory, "home"), filepath.Join(s.directory, "tmp")
	maps.Copy(all, request.GetEnv())
	maps.Copy(all, bindings)
	all["GESTALT_PLUGIN_SOCKET"], all["GESTALT_PLUGIN_NAME"] = s.socketPath(), request.GetPluginName()
	// The keeper sets it: it is the parent.
	delete(all, parentVariable)
	lines := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, name+"="+all[name])
	}
	return lines
}

const parentVariable = "GESTALT_PLUGIN_PARENT_PID"

func (s *runtimeService) launch(
	ctx context.Context, found *session, request *protocol.StartHostedPluginRequest, bindings map[string]string,
) (*guest, error) {
	if path := found.socketPath(); len(path) > maxUnixPathBytes {
		return nil, status.Errorf(codes.FailedPrecondition,
			"the plugin's socket would be %s, longer than %d bytes; give this provider a shorter TMPDIR", path, maxUnixPathBytes)
	}
	errors := &lastLines{}
	order := launchOrder{
		Command: request.GetCommand(), Args: request.GetArgs(), Environment: found.environment(request, bindings),
		ParentVariable: parentVariable,
	}
	plugin, err := startGuest(order, s.provider.instance.keepers, func(name string, reader io.Reader) {
		if name == "stdout" {
			found.log.read(protocol.PluginRuntimeLogStream_PLUGIN_RUNTIME_LOG_STREAM_STDOUT, reader)
		} else {
			found.log.read(protocol.PluginRuntimeLogStream_PLUGIN_RUNTIME_LOG_STREAM_STDERR, io.TeeReader(reader, errors))
		}
	})
	if err != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "plugin %q: %v", request.GetPluginName(), err)
	}
	if err := waitUntilReady(ctx, found.socketPath(), plugin); err != nil {
		plugin.kill()
		<-plugin.gone
		return nil, status.Errorf(status.Code(err), "plugin %q: %s%s",
			request.GetPluginName(), status.Convert(err).Message(), errors.quote())
	}
	return plugin, nil
}

// waitUntilReady ends when the plugin speaks HTTP/2 on its socket, has ended, or may no longer be waited for.
func waitUntilReady(ctx context.Context, path string, plugin *guest) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-plugin.ended:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	for {
		if _, err := os.Lstat(path); err == nil && speaksGrpc(ctx, path) {
			return nil
		}
		if !sleep(ctx, socketPoll) {
			return whyNotReady(ctx, path, plugin)
		}
	}
}

var errEnded = errors.New("the plugin has ended")

func whyNotReady(ctx context.Context, path string, plugin *guest) error {
	if context.Cause(ctx) == errEnded {
		<-plugin.gone
		return status.Error(codes.FailedPrecondition, plugin.end.describe()+" before it accepted gRPC connections")
	}
	if ctx.Err() == context.DeadlineExceeded {
		return status.Errorf(codes.DeadlineExceeded, "it did not accept gRPC connections on %s in time", path)
	}
	return status.Error(codes.Canceled, "StartPlugin was cancelled before the plugin accepted gRPC connections")
}

// speaksGrpc connects as the host will: ready means that the plugin has sent its HTTP/2 settings.
func speaksGrpc(ctx context.Context, path string) bool {
	connection, err := grpc.NewClient("unix:"+path,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, MaxDelay: 200 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}))
	if err != nil {
		return false
	}
	defer func() { _ = connection.Close() }()
	for {
		state := connection.GetState()
		if state == connectivity.Ready {
			return true
		}
		connection.Connect()
		if !connection.WaitForStateChange(ctx, state) {
			return false
		}
	}
}

// lastLines keeps the end of what is written to it, for error texts.
type lastLines struct{ kept []byte }

const quotedBytes = 2_000

func (l *lastLines) Write(text []byte) (int, error) {
	l.kept = append(l.kept, text...)
	if excess := len(l.kept) - quotedBytes; excess > 0 {
		l.kept = l.kept[excess:]
	}
	return len(text), nil
}

func (l *lastLines) quote() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(l.kept), "\uFFFD"))
	if text == "" {
		return ""
	}
	return fmt.Sprintf("; the end of its stderr: %s", text)
}
