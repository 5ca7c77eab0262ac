package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"bench/kitex_gen/idl"
	"bench/kitex_gen/idl/bench"

	"github.com/cloudwego/kitex/server"
)

type handlers struct{}

var live atomic.Int64

func serve() (port int, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	srv := bench.NewServer(&handlers{}, server.WithListener(listener), server.WithExitWaitTime(time.Millisecond))
	go func() {
		if err := srv.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func answerAsServer(c Command) (Reply, error) {
	switch c.Do {
	case "live":
		return Reply{"live": live.Load()}, nil
	case "memory":
		return memory(), nil
	}
	return nil, fmt.Errorf("a server has no such command")
}

// Order is the JSON in the text of a stream's request.
type Order struct {
	Ms   int `json:"ms"`
	Size int `json:"size"`
}

// after is true when span is over. Nobody asks the clock for every message.
func after(span time.Duration) *atomic.Bool {
	over := new(atomic.Bool)
	time.AfterFunc(span, func() { over.Store(true) })
	return over
}

func (handlers) Stream(ctx context.Context, request *idl.Message, stream idl.Bench_streamServer) error {
	var order Order
	if err := json.Unmarshal([]byte(request.Text), &order); err != nil {
		return err
	}
	m := message(order.Size)
	for over := after(time.Duration(order.Ms) * time.Millisecond); !over.Load(); m.Number++ {
		if err := stream.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (handlers) Collect(ctx context.Context, stream idl.Bench_collectServer) error {
	var count int64
	for {
		if _, err := stream.Recv(ctx); err == io.EOF {
			return stream.SendAndClose(ctx, &idl.Message{Number: count})
		} else if err != nil {
			return err
		}
		count++
	}
}

func (handlers) Echo(ctx context.Context, stream idl.Bench_echoServer) error {
	for {
		m, err := stream.Recv(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, m); err != nil {
			return err
		}
	}
}

func (handlers) Idle(ctx context.Context, stream idl.Bench_idleServer) error {
	live.Add(1)
	defer live.Add(-1)
	<-ctx.Done()
	return nil
}

// message has the text that every peer's messages have: payloads are of one size everywhere.
func message(size int) *idl.Message {
	return &idl.Message{Text: "sixteen letters.", Number: 1, Blob: make([]byte, size)}
}
