package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	logSocketVariable = "GESTALT_RUNTIME_LOG_SOCKET"
	relayTokenHeader  = "x-gestalt-host-service-relay-token"
	appendTimeout     = 2 * time.Second
	// Lines for a stderr that nobody reads are dropped past this number (PROC-5).
	stderrLines = 1_000
)

// logHost is where the sessions' output goes: the host's log service, or stderr without one (LOGS-5).
type logHost struct {
	connection *grpc.ClientConn
	client     protocol.PluginRuntimeLogHostClient
	token      string
	stderr     chan string
}

func openLogHost(socket, token string) (*logHost, error) {
	host := &logHost{token: token}
	if socket == "" {
		host.stderr = make(chan string, stderrLines)
		go func() {
			for line := range host.stderr {
				fmt.Fprintln(os.Stderr, line)
			}
		}()
		return host, nil
	}
	address, secret, err := logHostAddress(socket)
	if err != nil {
		return nil, err
	}
	host.connection, err = grpc.NewClient(address, grpc.WithTransportCredentials(secret))
	if err != nil {
		return nil, err
	}
	host.client = protocol.NewPluginRuntimeLogHostClient(host.connection)
	return host, nil
}

func logHostAddress(socket string) (string, credentials.TransportCredentials, error) {
	if filepath.IsAbs(socket) {
		socket = "unix://" + socket
	}
	parsed, err := parseTarget(socket)
	switch {
	case err != nil:
		return "", nil, err
	case parsed.scheme == "unix":
		return "unix:" + parsed.address, insecure.NewCredentials(), nil
	case parsed.scheme == "tls":
		return "dns:///" + parsed.address, credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}), nil
	}
	return "dns:///" + parsed.address, insecure.NewCredentials(), nil
}

type appended int

const (
	taken appended = iota
	refused
	unknownSession
	unreachable
)

// append sends one batch, and tells what is to become of it.
func (host *logHost) append(session string, batch []*protocol.PluginRuntimeLogEntry) appended {
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	if host.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, relayTokenHeader, host.token)
	}
	_, err := host.client.AppendLogs(ctx, &protocol.AppendPluginRuntimeLogsRequest{SessionId: session, Logs: batch})
	switch status.Code(err) {
	case codes.OK:
		return taken
	case codes.NotFound:
		return unknownSession
	case codes.Internal:
		// What hosts of before 2026-04-30 say of a session that they don't know (LOGS-2).
		if strings.HasSuffix(status.Convert(err).Message(), "runtime session not found") {
			return unknownSession
		}
		return refused
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted:
		return unreachable
	}
	return refused
}

func (host *logHost) write(line string) {
	select {
	case host.stderr <- line:
	default:
	}
}

func (host *logHost) close() {
	if host.connection != nil {
		_ = host.connection.Close()
	}
}
