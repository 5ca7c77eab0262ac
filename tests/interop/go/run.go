package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"interop/kitex_gen/idl"

	"github.com/cloudwego/kitex/pkg/kerrors"
)

// limit bounds everything that could wait for ever.
const limit = 20 * time.Second

// end is one end of a stream while its script runs.
type end struct {
	ctx    context.Context
	caseID string
	node   string
	role   string
	lane   string
	quiet  bool
	send   func(*idl.Message) error
	recv   func() (*idl.Message, error)
	more   func(e *end, op Op) (bool, error) // the ops of this side alone
	up     *end                              // of a call made by a handler: the handler's end
	last   *lastError
}

// lastError is the last error the script met, shared by its lanes.
type lastError struct {
	sync.Mutex
	err error
}

func (l *lastError) set(err error) {
	if err == nil || err == io.EOF {
		return
	}
	l.Lock()
	l.err = err
	l.Unlock()
}

func (l *lastError) get() error {
	l.Lock()
	defer l.Unlock()
	return l.err
}

func (e *end) tell(event string, f fields, err error) {
	if e.last != nil {
		e.last.set(err)
	}
	if e.quiet {
		return
	}
	if f == nil {
		f = fields{}
	}
	f["case"], f["node"], f["role"], f["ev"] = e.caseID, e.node, e.role, event
	if e.lane != "" {
		f["lane"] = e.lane
	}
	emit(explain(f, err))
}

// play runs a script to its end; what it returns is the handler's result.
func (e *end) play(ops []Op) error {
	for _, op := range ops {
		if stop, err := e.step(op); stop || err != nil {
			return err
		}
	}
	return nil
}

func (e *end) step(op Op) (stop bool, err error) {
	target := e
	if op.Up && e.up != nil {
		target = e.up
	}
	switch op.Do {
	case "send":
		n := max(op.N, 1)
		sent, sErr := 0, error(nil)
		for ; sent < n; sent++ {
			if sErr = target.send(message(op.Body)); sErr != nil {
				break
			}
			pause(op.EveryMs)
		}
		e.tell("send", fields{"n": sent, "up": op.Up}, sErr)
	case "sendSizes":
		var sErr error
		for _, size := range op.Sizes {
			if sErr = target.send(message(Body{Size: size})); sErr != nil {
				break
			}
		}
		e.tell("sendSizes", nil, sErr)
	case "flood": // send until it fails
		var sErr error
		for i := 0; sErr == nil && (op.N == 0 || i < op.N); i++ {
			sErr = target.send(message(op.Body))
			pause(op.EveryMs)
		}
		e.tell("flood", nil, sErr)
	case "recv":
		for i := 0; i < max(op.N, 1); i++ {
			m, rErr := target.recv()
			e.tell("recv", told(m, rErr, op.Up), rErr)
			if rErr != nil {
				break
			}
		}
	case "drain": // receive until the end
		n, bytes, rErr := 0, 0, error(nil)
		for {
			var m *idl.Message
			if m, rErr = target.recv(); rErr != nil {
				break
			}
			n, bytes = n+1, bytes+len(m.Blob)
		}
		f := fields{}
		if !op.Loose {
			f["n"], f["bytes"] = n, bytes
		}
		e.tell("drain", f, rErr)
	case "echo": // send back what comes, until the end
		n := 0
		for {
			m, rErr := target.recv()
			if rErr != nil {
				e.tell("echo", counted(n, op), rErr)
				break
			}
			if sErr := target.send(m); sErr != nil {
				e.tell("echo send", counted(n, op), sErr)
				break
			}
			n++
		}
	case "relay": // a handler in the middle: what comes down goes back up
		n := 0
		for {
			m, rErr := e.recv()
			if rErr != nil {
				e.tell("relay", counted(n, op), rErr)
				break
			}
			if sErr := e.up.send(m); sErr != nil {
				e.tell("relay send", counted(n, op), sErr)
				break
			}
			n++
		}
	case "sleep":
		pause(op.Ms)
	case "lanes":
		var wg sync.WaitGroup
		for i, ops := range op.Lanes {
			lane := *e
			lane.lane = e.lane + strconv.Itoa(i)
			wg.Add(1)
			go func() {
				defer wg.Done()
				_ = lane.play(ops)
			}()
		}
		wg.Wait()
	case "done": // the context's end
		select {
		case <-target.ctx.Done():
			e.tell("done", nil, target.ctx.Err())
		case <-time.After(limit):
			e.tell("done", fields{"stuck": true}, nil)
		}
	case "sum": // client streaming: the answer is the sum of the sizes
		total, rErr := 0, error(nil)
		for {
			var m *idl.Message
			if m, rErr = target.recv(); rErr != nil {
				break
			}
			total += len(m.Blob)
		}
		e.tell("sum", fields{"total": total}, rErr)
		if rErr == io.EOF {
			e.tell("send", fields{"n": 1, "up": op.Up}, target.send(&idl.Message{Number: int64(total)}))
		}
	case "call":
		call(e, *op.Call)
	case "fail":
		return true, errors.New(op.Text)
	case "failWithLast":
		return true, e.last.get()
	case "biz":
		if op.Extra != nil {
			return true, kerrors.NewBizStatusErrorWithExtra(op.Code, op.Text, op.Extra)
		}
		return true, kerrors.NewBizStatusError(op.Code, op.Text)
	case "panic":
		panic(op.Text)
	default:
		known, err := e.more(e, op)
		if !known {
			e.tell("unknown op "+op.Do, nil, nil)
		}
		return false, err
	}
	return false, nil
}

func pause(ms int) {
	if ms > 0 {
		time.Sleep(time.Duration(ms) * time.Millisecond)
	}
}

func counted(n int, op Op) fields {
	if op.Loose {
		return fields{}
	}
	return fields{"n": n}
}

func message(b Body) *idl.Message {
	m := &idl.Message{Text: b.Text, Number: b.Number, Blob: make([]byte, b.Size)}
	for i := range m.Blob {
		m.Blob[i] = byte(i % 251)
	}
	return m
}

func told(m *idl.Message, err error, up bool) fields {
	f := fields{"up": up}
	if err != nil {
		return f
	}
	f["text"], f["number"], f["blob"] = m.Text, m.Number, len(m.Blob)
	for i, b := range m.Blob {
		if b != byte(i%251) {
			f["damaged"] = fmt.Sprintf("byte %d is %d", i, b)
			break
		}
	}
	return f
}
