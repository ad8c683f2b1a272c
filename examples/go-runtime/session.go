package main

import (
	"context"
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gestalt-runtime/gestalt-runtime-ts/examples/go-runtime/internal/protocol"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A session that no call has named for this long is stopped: the host never learned its id (SESS-13).
const unclaimedTime = time.Minute

type phase int

const (
	waiting phase = iota // for StartPlugin
	starting
	running
	over // the plugin has ended, or could not be started
)

// session is one session and the plugin in it. Its mutex is held for moments only, never while something is awaited,
// so that GetSession answers at once (SESS-5).
type session struct {
	id        string
	directory string
	log       *sessionLog
	// Ends a start under way, and whatever else works for the session.
	ctx    context.Context
	cancel context.CancelFunc
	// From the first StopSession on; closed when it is done.
	stopOnce sync.Once
	stopped  chan struct{}
	unheard  *time.Timer

	mu        sync.Mutex
	phase     phase
	state     string
	reason    string
	message   string
	metadata  map[string]string
	startedAt *timestamppb.Timestamp
	bindings  map[string]string
	guest     *guest
	// Closed when a start under way is over, however it went.
	startOver chan struct{}
}

func newSession(instance *instanceDirectory, metadata map[string]string, logs *logHost) (*session, error) {
	id := "go-" + rand.Text()
	directory := filepath.Join(instance.path, id[3:11])
	for _, path := range []string{directory, filepath.Join(directory, "home"), filepath.Join(directory, "tmp")} {
		if err := os.Mkdir(path, 0o700); err != nil {
			_ = os.RemoveAll(directory)
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &session{
		id: id, directory: directory, log: logs.open(id), ctx: ctx, cancel: cancel, stopped: make(chan struct{}),
		state: "ready", metadata: maps.Clone(metadata), startedAt: timestamppb.Now(), bindings: map[string]string{},
	}, nil
}

func (s *session) describe() *protocol.PluginRuntimeSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &protocol.PluginRuntimeSession{
		Id: s.id, State: s.state, StateReason: s.reason, StateMessage: s.message, Metadata: maps.Clone(s.metadata),
		// Sessions have no end of their own: the two times that would tell it are left out (SESS-9).
		Lifecycle: &protocol.PluginRuntimeSessionLifecycle{StartedAt: s.startedAt},
	}
}

func (s *session) isLive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state != "stopped"
}

// heard notes that the host has named the session: it knows it, and so does its log host (LOGS-2).
func (s *session) heard() {
	s.unheard.Stop()
	s.log.release()
}

// bind keeps a host service for the plugin; a later one under the same name replaces it (BIND-1, BIND-4).
func (s *session) bind(variable, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != waiting {
		return status.Errorf(codes.FailedPrecondition, "session %q: bind host services before StartPlugin", s.id)
	}
	s.bindings[variable] = value
	return nil
}

// beginStart takes the session for one StartPlugin (PLUG-6).
func (s *session) beginStart() (bindings map[string]string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != waiting || s.ctx.Err() != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "session %q has had its plugin; start another session", s.id)
	}
	s.phase, s.startOver = starting, make(chan struct{})
	return maps.Clone(s.bindings), nil
}

// finishStart ends what beginStart began: with a running plugin, or with the reason why there is none (PLUG-7).
func (s *session) finishStart(started *guest, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(s.startOver)
	if failure != nil {
		s.phase, s.state, s.reason, s.message = over, "failed", "start_failed", status.Convert(failure).Message()
		_ = os.RemoveAll(s.directory)
		return
	}
	s.phase, s.state, s.guest = running, "running", started
	go s.watch(started)
}

// watch notes the end of a plugin when it comes, and cleans up after it by itself (SESS-10, SESS-12).
func (s *session) watch(plugin *guest) {
	<-plugin.ended
	s.mu.Lock()
	s.phase, s.message = over, plugin.end.describe()
	switch {
	case s.ctx.Err() != nil:
		s.state, s.reason = "stopped", "stopped"
	case plugin.end.Signal == "" && plugin.end.Code == 0:
		s.state, s.reason = "stopped", "plugin_exited"
	default:
		s.state, s.reason = "failed", "plugin_failed"
	}
	message := s.message
	s.mu.Unlock()
	s.log.push(protocol.PluginRuntimeLogStream_PLUGIN_RUNTIME_LOG_STREAM_RUNTIME, message)
	<-plugin.gone
	_ = os.RemoveAll(s.directory)
}

// stop ends the session once; everybody who calls it waits for that (SESS-8, SESS-11).
func (s *session) stop(grace time.Duration) {
	s.stopOnce.Do(func() {
		defer close(s.stopped)
		s.unheard.Stop()
		s.cancel()
		s.mu.Lock()
		startOver := s.startOver
		s.mu.Unlock()
		if startOver != nil {
			<-startOver
		}
		s.mu.Lock()
		plugin := s.guest
		s.mu.Unlock()
		if plugin != nil {
			plugin.stop(grace)
		}
		_ = os.RemoveAll(s.directory)
		s.mu.Lock()
		s.phase, s.state = over, "stopped"
		s.mu.Unlock()
		s.log.end()
	})
	<-s.stopped
}
