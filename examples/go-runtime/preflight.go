package main

import (
	"errors"
	"io/fs"
	"os"
)

// whyNoPlugins says why programs of this machine can't be started, and what the operator would have to change;
// empty where they can. In the host's sandbox (PROC-10) these folders are denied, and not merely absent.
func whyNoPlugins() string {
	for _, folder := range []string{"/usr/bin", "/bin"} {
		if _, err := os.ReadDir(folder); !errors.Is(err, fs.ErrPermission) {
			return ""
		}
	}
	return "gestaltd runs this provider in its sandbox, where no program of this machine can be started: set " +
		"server.egress.defaultAction to allow and take egress.allowedHosts off this provider's entry, or choose " +
		"a runtime that hosts plugins elsewhere"
}
