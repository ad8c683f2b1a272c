package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// What fits sockaddr_un on Linux (DIAL-2).
const maxUnixPathBytes = 107

// target is an address as the host writes it (DIAL-1).
type target struct {
	scheme string
	// The path of a Unix socket, or host:port.
	address string
}

func parseTarget(text string) (target, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return target{}, fmt.Errorf("%q has no scheme; write unix:///path, tcp://host:port or tls://host:port", text)
	}
	switch scheme {
	case "unix":
		if !filepath.IsAbs(rest) || len(rest) > maxUnixPathBytes || strings.ContainsRune(rest, 0) {
			return target{}, fmt.Errorf("%q must hold an absolute path of at most %d bytes", text, maxUnixPathBytes)
		}
		return target{scheme, rest}, nil
	case "tcp", "tls":
		parsed, err := url.Parse(text)
		if err != nil || parsed.Host != rest || parsed.Hostname() == "" {
			return target{}, fmt.Errorf("%q must be %s://host:port and nothing more", text, scheme)
		}
		if port, err := strconv.ParseUint(parsed.Port(), 10, 16); err != nil || port == 0 {
			return target{}, fmt.Errorf("%q needs a port from 1 to 65535", text)
		}
		return target{scheme, rest}, nil
	}
	return target{}, fmt.Errorf("%q has the scheme %q; write unix, tcp or tls", text, scheme)
}
