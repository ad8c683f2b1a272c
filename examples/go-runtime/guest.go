package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// guest is one plugin with its keeper, as the provider sees them.
type guest struct {
	orders *os.File
	// Closed when the plugin itself has ended; `end` tells how.
	ended chan struct{}
	end   report
	// Closed when nothing that it started is left, and all of its output has been read.
	gone  chan struct{}
	close sync.Once
}

// startGuest starts a plugin; an error says why its program can't run (PLUG-6).
func startGuest(order launchOrder, keepers *os.File, output func(stream string, reader io.Reader)) (*guest, error) {
	pipes, err := openPipes()
	if err != nil {
		return nil, err
	}
	orders, reports, stdout, stderr := pipes[0], pipes[1], pipes[2], pipes[3]
	command, err := keeperCommand([3]*os.File{orders[0], reports[1], keepers}, stdout[1], stderr[1])
	if err == nil {
		err = command.Start()
	}
	for _, theirs := range []*os.File{orders[0], reports[1], stdout[1], stderr[1]} {
		_ = theirs.Close()
	}
	if err != nil {
		for _, ours := range []*os.File{orders[1], reports[0], stdout[0], stderr[0]} {
			_ = ours.Close()
		}
		return nil, err
	}
	made := &guest{orders: orders[1], ended: make(chan struct{}), gone: make(chan struct{})}
	var reading sync.WaitGroup
	reading.Go(func() { output("stdout", stdout[0]); _ = stdout[0].Close() })
	reading.Go(func() { output("stderr", stderr[0]); _ = stderr[0].Close() })
	started := make(chan report, 1)
	go func() {
		made.follow(reports[0], started)
		_ = command.Wait()
		reading.Wait()
		close(made.gone)
	}()
	text, err := json.Marshal(order)
	if err == nil {
		_, err = made.orders.Write(append(text, '\n'))
	}
	first := <-started
	if err == nil && first.Started {
		return made, nil
	}
	made.kill()
	<-made.gone
	if first.Failure != "" {
		return nil, errors.New(first.Failure)
	}
	return nil, fmt.Errorf("the plugin's keeper ended before it had started the plugin: %v", err)
}

// openPipes makes those for orders, reports, stdout and stderr: the end to read from first.
func openPipes() (pipes [4][2]*os.File, err error) {
	for index := range pipes {
		reader, writer, err := os.Pipe()
		if err != nil {
			for _, made := range pipes[:index] {
				_, _ = made[0].Close(), made[1].Close()
			}
			return pipes, err
		}
		pipes[index] = [2]*os.File{reader, writer}
	}
	return pipes, nil
}

func (g *guest) follow(reports *os.File, started chan<- report) {
	defer func() { _ = reports.Close() }()
	lines := json.NewDecoder(bufio.NewReader(reports))
	var first report
	_ = lines.Decode(&first)
	started <- first
	g.end = report{Ended: true, Signal: "SIGKILL"}
	var last report
	if lines.Decode(&last) == nil && last.Ended {
		g.end = last
	}
	close(g.ended)
}

// stop asks the plugin to end, and ends all that is left of it after the grace.
func (g *guest) stop(grace time.Duration) {
	if grace > 0 {
		_, _ = fmt.Fprintf(g.orders, "%d\n", grace.Milliseconds())
		<-g.ended
	}
	g.kill()
	<-g.gone
}

// kill ends it at once: a keeper takes the end of its orders for that.
func (g *guest) kill() {
	g.close.Do(func() { _ = g.orders.Close() })
}

func (r report) describe() string {
	if r.Signal != "" {
		return "the plugin was ended by the signal " + r.Signal
	}
	return fmt.Sprintf("the plugin exited with code %d", r.Code)
}
