package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	maxLineBytes = 16 << 10
	// What one session keeps for a log host that is slow (LOGS-4).
	maxQueueBytes = 1 << 20
	maxBatchBytes = 256 << 10
	// What a record costs besides its text.
	recordBytes = 64
	// How long a session that no call names waits for being known, and then how long the host may not know it.
	holdTime     = 2 * time.Second
	patience     = 5 * time.Second
	flushTime    = 500 * time.Millisecond
	firstRetry   = 50 * time.Millisecond
	longestRetry = time.Second
)

type stream = protocol.PluginRuntimeLogStream

// sessionLog keeps one session's records in order until the log host has taken them. Nobody ever waits for it but
// flush, and that for a moment only.
type sessionLog struct {
	session  string
	host     *logHost
	released chan struct{}
	once     sync.Once
	wake     chan struct{}

	mu       sync.Mutex
	queue    []*protocol.PluginRuntimeLogEntry
	bytes    int
	dropped  int
	sequence int64
	sending  bool
	ended    bool
	lost     bool
	// Closed and made anew whenever the host has taken something.
	progress chan struct{}
}

func (host *logHost) open(session string) *sessionLog {
	log := &sessionLog{
		session: session, host: host, released: make(chan struct{}), wake: make(chan struct{}, 1),
		progress: make(chan struct{}),
	}
	if host.client != nil {
		go log.send()
	}
	return log
}

// release lets records go out: the host registers a session only some time after StartSession (LOGS-2).
func (log *sessionLog) release() {
	log.once.Do(func() { close(log.released) })
}

func (log *sessionLog) push(from stream, message string) {
	message = strings.ToValidUTF8(message, "\uFFFD")
	if log.host.client == nil {
		name := strings.ToLower(strings.TrimPrefix(from.String(), "PLUGIN_RUNTIME_LOG_STREAM_"))
		log.host.write(fmt.Sprintf("%s %s: %s", log.session, name, message))
		return
	}
	if message == "" {
		message = "\n" // the host drops empty ones
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if log.lost {
		return
	}
	log.queue = append(log.queue, &protocol.PluginRuntimeLogEntry{
		Stream: from, Message: message, ObservedAt: timestamppb.Now(),
	})
	log.bytes += len(message) + recordBytes
	for log.bytes > maxQueueBytes {
		log.bytes -= len(log.queue[0].Message) + recordBytes
		log.queue = log.queue[1:]
		log.dropped++
	}
	log.poke()
}

// read takes a plugin's output line by line; lines that are too long come in parts.
func (log *sessionLog) read(from stream, output io.Reader) {
	lines := bufio.NewReaderSize(output, maxLineBytes)
	var begun []byte
	for {
		part, more, err := lines.ReadLine()
		part = append(begun, part...)
		if err != nil {
			if len(part) > 0 {
				log.push(from, string(part))
			}
			return
		}
		length := len(part)
		if more {
			length = wholeCharacters(part)
		}
		log.push(from, string(part[:length]))
		begun = bytes.Clone(part[length:])
	}
}

// wholeCharacters tells how many bytes there are before a character that only begins at the end.
func wholeCharacters(text []byte) int {
	for last := len(text) - 1; last >= 0 && last > len(text)-utf8.UTFMax; last-- {
		if utf8.RuneStart(text[last]) {
			if utf8.FullRune(text[last:]) {
				return len(text)
			}
			return last
		}
	}
	return len(text)
}

// flush waits until all that was pushed has been taken, for a moment at most (LOGS-3, LOGS-6).
func (log *sessionLog) flush() {
	deadline := time.After(flushTime)
	for {
		log.mu.Lock()
		idle, progress := log.host.client == nil || log.lost || len(log.queue) == 0 && !log.sending, log.progress
		log.mu.Unlock()
		if idle {
			return
		}
		select {
		case <-progress:
		case <-deadline:
			return
		}
	}
}

// end lets what is left go out, and then no more.
func (log *sessionLog) end() {
	log.release()
	log.mu.Lock()
	defer log.mu.Unlock()
	log.ended = true
	log.poke()
}

func (log *sessionLog) poke() {
	select {
	case log.wake <- struct{}{}:
	default:
	}
}

func (log *sessionLog) send() {
	select {
	case <-log.released:
	case <-time.After(holdTime):
	}
	for {
		batch, ended := log.next()
		if batch == nil {
			if ended {
				return
			}
			<-log.wake
			continue
		}
		log.deliver(batch)
	}
}

// next takes what goes into one call, and says first what had to be dropped (LOGS-4).
func (log *sessionLog) next() (batch []*protocol.PluginRuntimeLogEntry, ended bool) {
	log.mu.Lock()
	defer log.mu.Unlock()
	if len(log.queue) == 0 || log.lost {
		return nil, log.ended || log.lost
	}
	if log.dropped > 0 {
		batch = append(batch, &protocol.PluginRuntimeLogEntry{
			Stream:     protocol.PluginRuntimeLogStream_PLUGIN_RUNTIME_LOG_STREAM_RUNTIME,
			Message:    fmt.Sprintf("%d lines were dropped here: the log host took them too slowly", log.dropped),
			ObservedAt: timestamppb.Now(),
		})
		log.dropped = 0
	}
	for size := 0; len(log.queue) > 0 && size < maxBatchBytes; log.queue = log.queue[1:] {
		size += len(log.queue[0].Message) + recordBytes
		batch = append(batch, log.queue[0])
		log.bytes -= len(log.queue[0].Message) + recordBytes
	}
	for _, entry := range batch {
		log.sequence++
		entry.SourceSeq = log.sequence
	}
	log.sending = true
	return batch, false
}

func (log *sessionLog) deliver(batch []*protocol.PluginRuntimeLogEntry) {
	retry, unknownSince := firstRetry, time.Time{}
	for {
		outcome := log.host.append(log.session, batch)
		switch outcome {
		case unknownSession:
			if unknownSince.IsZero() {
				unknownSince = time.Now()
			}
		case unreachable:
			unknownSince = time.Time{}
		}
		isLost := !unknownSince.IsZero() && time.Since(unknownSince) > patience
		log.mu.Lock()
		if isLost || log.ended && outcome == unreachable {
			// For good: a session that the host has never known, or a host that has gone (LOGS-6).
			log.lost, log.queue, log.bytes = true, nil, 0
		}
		settled := outcome == taken || outcome == refused || log.lost
		if outcome == refused {
			log.dropped += len(batch)
		}
		if settled {
			log.sending = false
			close(log.progress)
			log.progress = make(chan struct{})
		}
		log.mu.Unlock()
		if settled {
			return
		}
		time.Sleep(retry)
		retry = min(2*retry, longestRetry)
	}
}
