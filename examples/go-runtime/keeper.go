package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A keeper is the parent of one plugin: this same program, started with keeperArgument.
//
// Whatever a plugin starts, and however it hides (setsid, double fork), stays a descendant of its keeper, because
// orphans go to the nearest subreaper. The keeper ends all of them when it is told to, when the plugin has ended, and
// when its provider is gone: the pipe of orders is closed by the kernel then (PROC-8).
const (
	keeperArgument = "--keep-one-plugin"
	ordersFd       = 3
	reportsFd      = 4
	keepersLockFd  = 5
)

// launchOrder is the first line on the pipe of orders; each further line is a grace in milliseconds: stop.
type launchOrder struct {
	Command     string   `json:"command"`
	Args        []string `json:"args"`
	Environment []string `json:"environment"`
	// Where the plugin learns its parent's id, which is the keeper's (PLUG-3).
	ParentVariable string `json:"parentVariable"`
}

// report is a line that a keeper writes: the plugin runs, could not be started, or has ended.
type report struct {
	Started bool   `json:"started,omitempty"`
	Failure string `json:"failure,omitempty"`
	Ended   bool   `json:"ended,omitempty"`
	Code    int    `json:"code"`
	Signal  string `json:"signal,omitempty"`
}

func keep() int {
	// The plugin dies with the thread that started it, should somebody kill this keeper.
	runtime.LockOSThread()
	for _, descriptor := range []int{ordersFd, reportsFd, keepersLockFd} {
		syscall.CloseOnExec(descriptor)
	}
	orders := bufio.NewReader(os.NewFile(ordersFd, "orders"))
	reports := json.NewEncoder(os.NewFile(reportsFd, "reports"))
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		_ = reports.Encode(report{Failure: "PR_SET_CHILD_SUBREAPER: " + err.Error()})
		return 1
	}
	line, err := orders.ReadBytes('\n')
	var order launchOrder
	if err != nil || json.Unmarshal(line, &order) != nil {
		return 1
	}
	plugin, failure := launch(order)
	if failure != "" {
		_ = reports.Encode(report{Failure: failure})
		return 0
	}
	_ = reports.Encode(report{Started: true})

	graces := make(chan time.Duration)
	go readGraces(orders, graces)
	ended, noneLeft := make(chan syscall.WaitStatus, 1), make(chan struct{})
	go reap(plugin, ended, noneLeft)
	var killTime <-chan time.Time
	for {
		select {
		case grace, isOrder := <-graces:
			if !isOrder {
				killAll(noneLeft)
				return 0
			}
			if syscall.Kill(-plugin, syscall.SIGTERM) != nil {
				// It has left its own process group.
				_ = syscall.Kill(plugin, syscall.SIGTERM)
			}
			killTime = time.After(grace)
		case <-killTime:
			killAll(noneLeft)
			_ = reports.Encode(describeEnd(<-ended))
			return 0
		case status := <-ended:
			// At once: what is left is ended after it (SESS-10).
			_ = reports.Encode(describeEnd(status))
			killAll(noneLeft)
			return 0
		}
	}
}

// launch runs the command exactly as given: no shell, no look-up in PATH (PLUG-1).
func launch(order launchOrder) (pid int, failure string) {
	path, err := filepath.Abs(order.Command)
	if err != nil {
		return 0, err.Error()
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err.Error()
	}
	environment := order.Environment
	if order.ParentVariable != "" {
		environment = append(environment, order.ParentVariable+"="+strconv.Itoa(os.Getpid()))
	}
	process, err := os.StartProcess(path, append([]string{order.Command}, order.Args...), &os.ProcAttr{
		Env:   environment,
		Files: []*os.File{null, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, explainLaunch(path, err)
	}
	// End of output means end of the tree only when nobody else holds the pipes.
	for _, file := range []*os.File{null, os.Stdout, os.Stderr} {
		_ = file.Close()
	}
	return process.Pid, ""
}

func explainLaunch(path string, err error) string {
	found, statError := os.Stat(path)
	switch {
	case statError != nil:
		return "the program " + path + " can't be found: " + unwrap(statError)
	case found.IsDir():
		return path + " is a directory, not a program"
	case found.Mode()&0o111 == 0:
		return path + " is not executable; set its run bit"
	}
	return "the program " + path + " can't be started: " + unwrap(err)
}

func unwrap(err error) string {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return err.Error()
		}
		err = inner.Unwrap()
	}
}

// readGraces closes the channel when the provider is gone or wants all to end at once.
func readGraces(orders *bufio.Reader, graces chan<- time.Duration) {
	defer close(graces)
	for {
		line, err := orders.ReadString('\n')
		if err != nil {
			return
		}
		if milliseconds, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			graces <- time.Duration(milliseconds) * time.Millisecond
		}
	}
}

// reap collects the plugin and every orphan that came to the keeper, until none is left.
func reap(plugin int, ended chan<- syscall.WaitStatus, noneLeft chan<- struct{}) {
	defer close(noneLeft)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return
		}
		if pid == plugin {
			ended <- status
		}
	}
}

// killAll kills children until there are none: those of a killed one come to the keeper in their turn.
func killAll(noneLeft <-chan struct{}) {
	for {
		for _, child := range childrenOf(os.Getpid()) {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
		select {
		case <-noneLeft:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func childrenOf(parent int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var children []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold anything; state and parent come after it.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			children = append(children, pid)
		}
	}
	return children
}

func describeEnd(status syscall.WaitStatus) report {
	if status.Signaled() {
		return report{Ended: true, Signal: unix.SignalName(status.Signal())}
	}
	return report{Ended: true, Code: status.ExitStatus()}
}

// keeperCommand is a keeper that has not been started yet. It is in a session of its own, so that signals to the
// provider's process group don't reach it.
func keeperCommand(files [3]*os.File, stdout, stderr *os.File) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, keeperArgument)
	command.Env = []string{}
	command.Stdout, command.Stderr = stdout, stderr
	command.ExtraFiles = files[:]
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return command, nil
}
