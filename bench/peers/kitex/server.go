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

	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/server"
)

var live atomic.Int64

func serve(make func(net.Listener) server.Server) (port int, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	srv := make(listener)
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

// handlers are the server's side of each workload.
type handlers[M any] struct{ dialect dialect[M] }

func (h handlers[M]) stream(ctx context.Context, request *M, stream streaming.ServerStreamingServer[M]) error {
	var order Order
	if err := json.Unmarshal([]byte(h.dialect.text(request)), &order); err != nil {
		return err
	}
	m := sized(h.dialect, order.Size)
	for over := after(time.Duration(order.Ms) * time.Millisecond); !over.Load(); {
		if err := stream.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (h handlers[M]) collect(ctx context.Context, stream streaming.ClientStreamingServer[M, M]) error {
	var count int64
	for {
		if _, err := stream.Recv(ctx); err == io.EOF {
			return stream.SendAndClose(ctx, h.dialect.message("", count, nil))
		} else if err != nil {
			return err
		}
		count++
	}
}

func (handlers[M]) echo(ctx context.Context, stream streaming.BidiStreamingServer[M, M]) error {
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

func (handlers[M]) idle(ctx context.Context) error {
	live.Add(1)
	defer live.Add(-1)
	<-ctx.Done()
	return nil
}
