package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"bench/kitex_gen/idl"
	"bench/kitex_gen/idl/bench"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
)

// caller runs the client's side of each workload.
type caller struct {
	address string
	clients map[int]bench.Client
	idle    []context.CancelFunc
}

func newCaller(address string) *caller {
	return &caller{address: address, clients: map[int]bench.Client{}}
}

// client has so many connections; with 0, as many as Kitex takes by itself.
func (c *caller) client(connections int) bench.Client {
	if known, ok := c.clients[connections]; ok {
		return known
	}
	options := []client.Option{
		client.WithHostPorts(c.address),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "ServiceA"}),
	}
	if connections > 0 {
		pool := ttstream.WithClientMuxConnPool(ttstream.MuxConnConfig{PoolSize: connections, MaxIdleTimeout: time.Minute})
		options = append(options, client.WithTTHeaderStreamingOptions(client.WithTTHeaderStreamingTransportOptions(pool)))
	}
	made := bench.MustNewClient("ServiceB", options...)
	c.clients[connections] = made
	return made
}

func (c *caller) answer(command Command) (Reply, error) {
	cli := c.client(command.Connections)
	streams := max(command.Streams, 1)
	span := time.Duration(command.Ms) * time.Millisecond
	switch command.Do {
	case "stream":
		text, err := json.Marshal(Order{Ms: command.Ms, Size: command.Size})
		if err != nil {
			return nil, err
		}
		return each(streams, func() (tally, error) { return receiveAll(cli, &idl.Message{Text: string(text)}) })
	case "collect":
		return each(streams, func() (tally, error) { return sendAll(cli, command.Size, span) })
	case "pingPong":
		return pingPong(cli, streams, command.Size, span)
	case "openClose":
		return each(streams, func() (tally, error) { return openClose(cli, command.Size, span) })
	case "hold":
		return c.hold(cli, streams)
	case "cancel":
		return c.cancelAll(span)
	case "memory":
		return memory(), nil
	}
	return nil, fmt.Errorf("a client has no such command")
}

// tally is what one stream has measured.
type tally struct {
	count int64
	took  []float64 // milliseconds of each round trip, where the workload has some
}

// each runs work once a stream, all at the same time, and adds up.
func each(streams int, work func() (tally, error)) (Reply, error) {
	tallies, errs := make([]tally, streams), make([]error, streams)
	started := time.Now()
	var wg sync.WaitGroup
	for i := range streams {
		wg.Add(1)
		go func() {
			defer wg.Done()
			tallies[i], errs[i] = work()
		}()
	}
	wg.Wait()
	seconds := time.Since(started).Seconds()
	var all tally
	for i, t := range tallies {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all.count += t.count
		all.took = append(all.took, t.took...)
	}
	reply := Reply{"count": all.count, "seconds": seconds}
	if len(all.took) > 0 {
		slices.Sort(all.took)
		reply["p50Ms"] = all.took[len(all.took)/2]
		reply["p99Ms"] = all.took[len(all.took)*99/100]
	}
	return reply, nil
}

func receiveAll(cli bench.Client, request *idl.Message) (t tally, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := cli.Stream(ctx, request)
	if err != nil {
		return t, err
	}
	for {
		if _, err := stream.Recv(ctx); err == io.EOF {
			return t, nil
		} else if err != nil {
			return t, err
		}
		t.count++
	}
}

func sendAll(cli bench.Client, size int, span time.Duration) (t tally, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := cli.Collect(ctx)
	if err != nil {
		return t, err
	}
	m := message(size)
	for over := after(span); !over.Load(); m.Number++ {
		if err := stream.Send(ctx, m); err != nil {
			return t, err
		}
	}
	response, err := stream.CloseAndRecv(ctx)
	if err != nil {
		return t, err
	}
	return tally{count: response.Number}, nil
}

// echo is a stream that sends back what it gets.
type echo struct {
	ctx     context.Context
	cancel  context.CancelFunc
	stream  bench.Bench_echoClient
	message *idl.Message
}

// openEcho opens one, with a first message each way.
func openEcho(cli bench.Client, m *idl.Message) (*echo, error) {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := cli.Echo(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	e := &echo{ctx, cancel, stream, m}
	if err := e.roundTrip(); err != nil {
		cancel()
		return nil, err
	}
	return e, nil
}

func (e *echo) roundTrip() error {
	if err := e.stream.Send(e.ctx, e.message); err != nil {
		return err
	}
	_, err := e.stream.Recv(e.ctx)
	return err
}

func (e *echo) finish() error {
	defer e.cancel()
	if err := e.stream.CloseSend(e.ctx); err != nil {
		return err
	}
	if _, err := e.stream.Recv(e.ctx); err != io.EOF {
		return fmt.Errorf("expected the end of the stream, got %v", err)
	}
	return nil
}

// pingPong opens so many streams and then sends messages there and back on all of them.
func pingPong(cli bench.Client, streams, size int, span time.Duration) (Reply, error) {
	m := message(size)
	opened := make(chan *echo, streams)
	if _, err := each(streams, func() (tally, error) {
		e, err := openEcho(cli, m)
		opened <- e
		return tally{}, err
	}); err != nil {
		return nil, err
	}
	return each(streams, func() (t tally, err error) {
		e := <-opened
		sent := time.Now()
		for until := sent.Add(span); sent.Before(until); t.count++ {
			if err := e.roundTrip(); err != nil {
				return t, err
			}
			received := time.Now()
			t.took = append(t.took, received.Sub(sent).Seconds()*1000)
			sent = received
		}
		return t, e.finish()
	})
}

// openClose opens a stream for each message there and back.
func openClose(cli bench.Client, size int, span time.Duration) (t tally, err error) {
	m := message(size)
	opened := time.Now()
	for until := opened.Add(span); opened.Before(until); {
		e, err := openEcho(cli, m)
		if err != nil {
			return t, err
		}
		if err := e.finish(); err != nil {
			return t, err
		}
		ended := time.Now()
		t.took = append(t.took, ended.Sub(opened).Seconds()*1000)
		opened = ended
		t.count++
	}
	return t, nil
}

// hold opens streams on which nothing happens.
func (c *caller) hold(cli bench.Client, streams int) (Reply, error) {
	for range streams {
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := cli.Idle(ctx); err != nil {
			cancel()
			return nil, err
		}
		c.idle = append(c.idle, cancel)
	}
	return Reply{"held": len(c.idle)}, nil
}

// cancelAll cancels what is held, one after the other, spread over span; it tells when, in Unix milliseconds.
func (c *caller) cancelAll(span time.Duration) (Reply, error) {
	at := make([]float64, 0, len(c.idle))
	pause := span / time.Duration(max(len(c.idle), 1))
	for _, cancel := range c.idle {
		at = append(at, float64(time.Now().UnixMicro())/1000)
		cancel()
		time.Sleep(pause)
	}
	c.idle = nil
	return Reply{"at": at}, nil
}
