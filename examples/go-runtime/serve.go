package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc"
)

const (
	// The host kills what is still there 2 s after SIGTERM (PROC-6): both times together stay well below.
	drainTime       = 600 * time.Millisecond
	lastStopGrace   = 400 * time.Millisecond
	parentPoll      = 250 * time.Millisecond
	orphanDrainTime = 100 * time.Millisecond
)

// serve is the provider's life; it returns the exit code.
func serve() int {
	path := os.Getenv("GESTALT_PLUGIN_SOCKET")
	if path == "" {
		complain("GESTALT_PLUGIN_SOCKET is not set: gestaltd sets it to the path of the Unix socket to serve on")
		return 2
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	// Without a handler, writing to a stderr that nobody holds any more ends a Go program; ignoring the signal
	// instead would pass on to plugins.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	socket, err := listenAt(path)
	if err != nil {
		complain(err.Error())
		return 1
	}
	defer socket.remove()
	provider := newProvider()
	server := grpc.NewServer(grpc.UnaryInterceptor(provider.intercept))
	protocol.RegisterProviderLifecycleServer(server, &lifecycleService{provider: provider})
	protocol.RegisterPluginRuntimeProviderServer(server, &runtimeService{provider: provider})
	served := make(chan error, 1)
	go func() { served <- server.Serve(socket.listener) }()

	code, drain := 0, drainTime
	select {
	case <-signals:
	case <-parentGone():
		drain = orphanDrainTime
	case err := <-served:
		complain(fmt.Sprintf("serving on %s ended: %v", path, err))
		code = 1
	}
	end(server, provider, drain)
	return code
}

// end lets calls in flight end, stops every session, and closes what is open (PROC-6).
func end(server *grpc.Server, provider *provider, drain time.Duration) {
	provider.draining.Store(true)
	drained := make(chan struct{})
	go func() {
		// Idle connections are told to go; one that stays must not hold this up.
		server.GracefulStop()
		close(drained)
	}()
	select {
	case <-drained:
	case <-time.After(drain):
	}
	provider.stopAll(lastStopGrace)
	server.Stop()
	provider.close()
}

// parentGone is closed when the process that the host named is no longer the parent (PROC-7).
func parentGone() <-chan struct{} {
	gone := make(chan struct{})
	parent, err := strconv.Atoi(os.Getenv("GESTALT_PLUGIN_PARENT_PID"))
	if err != nil {
		return gone
	}
	go func() {
		for os.Getppid() == parent {
			time.Sleep(parentPoll)
		}
		close(gone)
	}()
	return gone
}

func complain(message string) {
	fmt.Fprintf(os.Stderr, "go-runtime: %s\n", message)
}

// sleep waits, or until the context ends; it tells whether the time has passed.
func sleep(ctx context.Context, duration time.Duration) bool {
	select {
	case <-time.After(duration):
		return true
	case <-ctx.Done():
		return false
	}
}
