package main

import (
	"context"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const protocolVersion = 3

type lifecycleService struct {
	protocol.UnimplementedProviderLifecycleServer
	provider *provider
}

// GetProviderIdentity answers before and after configuration (LIFE-1).
func (s *lifecycleService) GetProviderIdentity(context.Context, *emptypb.Empty) (*protocol.ProviderIdentity, error) {
	identity := &protocol.ProviderIdentity{
		Kind:               protocol.ProviderKind_PROVIDER_KIND_RUNTIME,
		Name:               "go-runtime",
		DisplayName:        "Go runtime",
		Description:        "Runs plugins as processes of this machine; written in Go without an SDK.",
		Version:            "0.1.0",
		MinProtocolVersion: protocolVersion,
		MaxProtocolVersion: protocolVersion,
	}
	if s.provider.cannotHost != "" {
		identity.Warnings = []string{s.provider.cannotHost}
	}
	return identity, nil
}

// ConfigureProvider checks version and config (LIFE-2, LIFE-3).
func (s *lifecycleService) ConfigureProvider(
	_ context.Context, request *protocol.ConfigureProviderRequest,
) (*protocol.ConfigureProviderResponse, error) {
	if version := request.GetProtocolVersion(); version != protocolVersion {
		return nil, status.Errorf(codes.FailedPrecondition,
			"protocol_version is %d; this provider speaks %d", version, protocolVersion)
	}
	given, err := parseConfig(request.GetConfig())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err := s.provider.configure(given); err != nil {
		return nil, err
	}
	if s.provider.cannotHost != "" {
		complain(s.provider.cannotHost)
	}
	return &protocol.ConfigureProviderResponse{ProtocolVersion: protocolVersion}, nil
}

// HealthCheck reports trouble in its answer (LIFE-4).
func (s *lifecycleService) HealthCheck(context.Context, *emptypb.Empty) (*protocol.HealthCheckResponse, error) {
	switch {
	case !s.provider.isConfigured():
		return &protocol.HealthCheckResponse{Message: "this provider is not configured yet"}, nil
	case s.provider.cannotHost != "":
		return &protocol.HealthCheckResponse{Message: s.provider.cannotHost}, nil
	}
	return &protocol.HealthCheckResponse{Ready: true}, nil
}

// StartProvider has nothing left to start: all of it began with the config (LIFE-5).
func (s *lifecycleService) StartProvider(
	context.Context, *emptypb.Empty,
) (*protocol.StartRuntimeProviderResponse, error) {
	if !s.provider.isConfigured() {
		return nil, status.Error(codes.FailedPrecondition, "call ConfigureProvider first: this provider has no config yet")
	}
	return &protocol.StartRuntimeProviderResponse{ProtocolVersion: protocolVersion}, nil
}
