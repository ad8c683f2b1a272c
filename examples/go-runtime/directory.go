package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long keepers of a dead provider may take to end what they keep.
const keepersEndTime = 5 * time.Second

// instanceDirectory holds the files of this provider's sessions.
//
// Two locks of the kernel say what of it is alive, and both die with their holders (REC-2): that on the directory is
// the provider's alone; that on the file `keepers` is inherited by every keeper, and held until the last has ended.
type instanceDirectory struct {
	path    string
	owner   *os.File
	keepers *os.File
}

func openInstanceDirectory(parent string) (*instanceDirectory, error) {
	prefix := fmt.Sprintf("gestalt-go-runtime-%d-", os.Getuid())
	removeLeftovers(parent, prefix)
	for {
		path, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		owner, err := lockDirectory(path, unix.LOCK_EX)
		if err != nil {
			return nil, err
		}
		// Between the two calls it was nobody's: another instance may have cleaned it away.
		if !stillThere(path, owner) {
			_ = owner.Close()
			continue
		}
		keepers, err := os.OpenFile(filepath.Join(path, "keepers"), os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			err = unix.Flock(int(keepers.Fd()), unix.LOCK_SH)
		}
		if err != nil {
			_ = owner.Close()
			return nil, err
		}
		return &instanceDirectory{path, owner, keepers}, nil
	}
}

func (directory *instanceDirectory) remove() {
	_ = os.RemoveAll(directory.path)
	_ = directory.keepers.Close()
	_ = directory.owner.Close()
}

// removeLeftovers takes away what dead instances of this user left, and nothing of a living one.
func removeLeftovers(parent, prefix string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix) || !entry.IsDir() {
			continue
		}
		path := filepath.Join(parent, entry.Name())
		found, err := os.Lstat(path)
		if err != nil || int(found.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
			continue
		}
		owner, err := lockDirectory(path, unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			continue
		}
		if stillThere(path, owner) && keepersHaveEnded(path) {
			_ = os.RemoveAll(path)
		}
		_ = owner.Close()
	}
}

func lockDirectory(path string, how int) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), how); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func stillThere(path string, opened *os.File) bool {
	now, err := os.Lstat(path)
	if err != nil {
		return false
	}
	then, err := opened.Stat()
	return err == nil && os.SameFile(now, then)
}

func keepersHaveEnded(path string) bool {
	file, err := os.OpenFile(filepath.Join(path, "keepers"), os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return true
	}
	if err != nil {
		return false
	}
	defer file.Close()
	for deadline := time.Now().Add(keepersEndTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			return true
		}
	}
	return false
}
