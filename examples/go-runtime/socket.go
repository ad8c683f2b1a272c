package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

type servingSocket struct {
	listener net.Listener
	path     string
	made     os.FileInfo
}

// listenAt makes the path appear only when it accepts, and replaces a stale socket there (PROC-2, PROC-3).
func listenAt(path string) (*servingSocket, error) {
	if found, err := os.Lstat(path); err == nil {
		if found.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("GESTALT_PLUGIN_SOCKET names %s, which exists and is no socket; remove it", path)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("GESTALT_PLUGIN_SOCKET: %w", err)
	}
	temporary := filepath.Join(filepath.Dir(path), "."+strconv.FormatInt(int64(os.Getpid()), 36))
	_ = os.Remove(temporary)
	listener, err := net.Listen("unix", temporary)
	if err != nil {
		return nil, fmt.Errorf("GESTALT_PLUGIN_SOCKET: %w", err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	made, err := os.Lstat(temporary)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = listener.Close()
		_ = os.Remove(temporary)
		return nil, fmt.Errorf("GESTALT_PLUGIN_SOCKET: %w", err)
	}
	return &servingSocket{listener: listener, path: path, made: made}, nil
}

// remove takes the socket away unless somebody else's has taken its place.
func (socket *servingSocket) remove() {
	_ = socket.listener.Close()
	if found, err := os.Lstat(socket.path); err == nil && os.SameFile(found, socket.made) {
		_ = os.Remove(socket.path)
	}
}
