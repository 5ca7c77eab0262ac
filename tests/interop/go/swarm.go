package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"interop/kitex_gen/idl"

	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/codes"
)

// swarm opens many streams and ends each in its own way. What a stream does follows from its number alone, so
// that a swarm in another language does the same.
func swarm(e *end, c Call) {
	var mu sync.Mutex
	completed, canceled, unexpected := 0, 0, map[string]int{}
	gate := make(chan struct{}, max(c.Swarm.AtOnce, 1))
	var wg sync.WaitGroup
	for i := range c.Swarm.Streams {
		gate <- struct{}{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-gate }()
			cancels, problem := one(e, c, i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case problem != "":
				unexpected[problem]++
			case cancels:
				canceled++
			default:
				completed++
			}
		}()
	}
	wg.Wait()
	e.tell("swarm", fields{"completed": completed, "canceled": canceled, "unexpected": unexpected}, nil)
}

func one(e *end, c Call, i int) (cancels bool, problem string) {
	draw := uint32(i) * 2654435761
	messages := c.Swarm.Messages
	if c.Swarm.Cancel {
		cancels = draw%3 != 0
		if cancels {
			// Not before its first answer: a cancel that crosses the Header may cost this client its connection.
			messages = 1 + int(draw>>8)%messages
		}
	}
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	stream, err := open(ctx, e.caseID, c)
	if err != nil {
		return cancels, "open: " + err.Error()
	}
	s := &end{}
	if c.Options.Protocol == "grpc" {
		s.bindProtobuf(stream)
	} else {
		s.bind(stream)
	}
	for n := range messages {
		if err := s.send(&idl.Message{Number: int64(n)}); err != nil {
			return cancels, "send: " + err.Error()
		}
		m, err := s.recv()
		if err != nil {
			return cancels, "recv: " + err.Error()
		}
		if m.Number != int64(n) {
			return cancels, "the answer is another one's"
		}
	}
	if cancels {
		cancel()
		_, err := s.recv()
		if code := fmt.Sprint(explain(fields{}, err)["code"]); code != "12007" && code != fmt.Sprint(codes.Canceled) {
			return cancels, "recv after cancel: " + err.Error()
		}
		return cancels, ""
	}
	if err := stream.CloseSend(ctx); err != nil {
		return cancels, "close: " + err.Error()
	}
	if _, err := s.recv(); err != io.EOF {
		return cancels, "end: " + err.Error()
	}
	return cancels, ""
}
