package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"interop/kitex_gen/idl"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/streaming"
)

type handlers struct{}

func (handlers) Bidi(ctx context.Context, s idl.Interop_bidiServer) error {
	return handle(ctx, "bidi", nil, endsOf(ctx, s))
}

func (handlers) Client(ctx context.Context, s idl.Interop_clientServer) error {
	return handle(ctx, "client", nil, endsOf(ctx, s))
}

func (handlers) Server(ctx context.Context, m *idl.Message, s idl.Interop_serverServer) error {
	return handle(ctx, "server", m, endsOf(ctx, s))
}

func (handlers) Unary(ctx context.Context, m *idl.Message) (*idl.Message, error) {
	return handleUnary(ctx, m)
}

func (handlers) Types(ctx context.Context, s idl.Interop_typesServer) error {
	for {
		m, err := s.Recv(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.Send(ctx, m); err != nil {
			return err
		}
	}
}

// live counts the handlers of a case that are running.
var live = struct {
	sync.Mutex
	started, ended map[string]int
}{started: map[string]int{}, ended: map[string]int{}}

func count(m map[string]int, caseID string) {
	live.Lock()
	m[caseID]++
	live.Unlock()
}

// ends is a stream as its handler uses it, whatever its messages are encoded in.
type ends struct {
	send                              func(*idl.Message) error
	recv                              func() (*idl.Message, error)
	setHeader, sendHeader, setTrailer func(map[string]string) error
}

func endsOf(ctx context.Context, stream streaming.ServerStream) ends {
	return ends{
		send: func(m *idl.Message) error { return stream.SendMsg(ctx, m) },
		recv: func() (*idl.Message, error) {
			m := new(idl.Message)
			return m, stream.RecvMsg(ctx, m)
		},
		setHeader:  func(kv map[string]string) error { return stream.SetHeader(kv) },
		sendHeader: func(kv map[string]string) error { return stream.SendHeader(kv) },
		setTrailer: func(kv map[string]string) error { return stream.SetTrailer(kv) },
	}
}

func handle(ctx context.Context, method string, request *idl.Message, stream ends) (err error) {
	text, ok := metainfo.GetValue(ctx, scriptKey)
	if !ok {
		return errors.New("the call has no script in its metainfo")
	}
	var script Script
	if err := json.Unmarshal(unpackScript(text), &script); err != nil {
		return err
	}
	e := &end{ctx: ctx, caseID: script.Case, node: script.Node, role: "server", quiet: script.Quiet, last: &lastError{}}
	e.send, e.recv = stream.send, stream.recv
	e.more = func(e *end, op Op) (bool, error) {
		switch op.Do {
		case "setHeader":
			e.tell("setHeader", nil, stream.setHeader(op.KV))
		case "sendHeader":
			e.tell("sendHeader", nil, stream.sendHeader(op.KV))
		case "setTrailer":
			e.tell("setTrailer", nil, stream.setTrailer(op.KV))
		case "metainfo":
			e.tell("metainfo", fields{
				"transient":  withoutScript(metainfo.GetAllValues(ctx)),
				"persistent": withoutScript(metainfo.GetAllPersistentValues(ctx)),
			}, nil)
		case "metadata": // over gRPC: the keys that are no protocol's
			e.tell("metadata", fields{"kv": incoming(ctx)}, nil)
		case "counts": // all handlers of the case but this one have ended
			until := time.Now().Add(limit / 2)
			for running(e.caseID) > 1 && time.Now().Before(until) {
				time.Sleep(5 * time.Millisecond)
			}
			e.tell("counts", fields{"running": running(e.caseID) - 1}, nil)
		default:
			return false, nil
		}
		return true, nil
	}
	count(live.started, script.Case)
	e.tell("begin", fields{"method": method}, nil)
	if request != nil {
		e.tell("request", told(request, nil, false), nil)
	}
	watch := time.AfterFunc(limit, func() { e.tell("stuck", nil, nil) })
	defer func() {
		value := recover()
		watch.Stop()
		count(live.ended, script.Case)
		e.tell("return", fields{"panic": value}, err)
		go func() {
			after := *e
			after.lane = "after"
			if len(script.After) > 0 {
				time.Sleep(20 * time.Millisecond) // let the return reach the framework
				_ = after.play(script.After)
			}
			e.tell("finished", nil, nil)
		}()
		if value != nil {
			panic(value)
		}
	}()
	return e.play(script.Ops)
}

func running(caseID string) int {
	live.Lock()
	defer live.Unlock()
	return live.started[caseID] - live.ended[caseID]
}

func withoutScript(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if k != scriptKey {
			out[k] = v
		}
	}
	return out
}
