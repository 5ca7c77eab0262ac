package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// caller runs the client's side of each workload.
type caller[M any] struct {
	address string
	dialect dialect[M]
	methods map[pool]methods[M]
	idle    []context.CancelFunc
}

func newCaller[M any](address string, d dialect[M]) *caller[M] {
	return &caller[M]{address: address, dialect: d, methods: map[pool]methods[M]{}}
}

func (c *caller[M]) client(p pool) methods[M] {
	if known, ok := c.methods[p]; ok {
		return known
	}
	made := c.dialect.connect(c.address, p)
	c.methods[p] = made
	return made
}

func (c *caller[M]) answer(command Command) (Reply, error) {
	cli := c.client(pool{command.Connections, command.Pool == "long"})
	streams := max(command.Streams, 1)
	span := time.Duration(command.Ms) * time.Millisecond
	switch command.Do {
	case "stream":
		text, err := json.Marshal(Order{Ms: command.Ms, Size: command.Size})
		if err != nil {
			return nil, err
		}
		request := c.dialect.message(string(text), 0, nil)
		return each(streams, func() (tally, error) { return receiveAll(cli, request) })
	case "collect":
		return each(streams, func() (tally, error) { return c.sendAll(cli, command.Size, span) })
	case "pingPong":
		return c.pingPong(cli, streams, c.messageOf(command), span)
	case "openClose":
		return each(streams, func() (tally, error) { return c.openClose(cli, command.Size, span) })
	case "calls":
		m := sized(c.dialect, command.Size)
		for range command.Count {
			e, err := openEcho(cli, m)
			if err != nil {
				return nil, err
			}
			if err := e.finish(); err != nil {
				return nil, err
			}
		}
		return Reply{"count": command.Count}, nil
	case "unary":
		return each(streams, func() (tally, error) { return c.callAll(cli, command.Size, span) })
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

func receiveAll[M any](cli methods[M], request *M) (t tally, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := cli.stream(ctx, request)
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

func (c *caller[M]) sendAll(cli methods[M], size int, span time.Duration) (t tally, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := cli.collect(ctx)
	if err != nil {
		return t, err
	}
	m := sized(c.dialect, size)
	for over := after(span); !over.Load(); {
		if err := stream.Send(ctx, m); err != nil {
			return t, err
		}
	}
	response, err := stream.CloseAndRecv(ctx)
	if err != nil {
		return t, err
	}
	return tally{count: c.dialect.number(response)}, nil
}

// echo is a stream that sends back what it gets.
type echo[M any] struct {
	ctx     context.Context
	cancel  context.CancelFunc
	stream  bidiClient[M]
	message *M
}

// openEcho opens one, with a first message each way.
func openEcho[M any](cli methods[M], m *M) (*echo[M], error) {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := cli.echo(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	e := &echo[M]{ctx, cancel, stream, m}
	if err := e.roundTrip(); err != nil {
		cancel()
		return nil, err
	}
	return e, nil
}

func (e *echo[M]) roundTrip() error {
	if err := e.stream.Send(e.ctx, e.message); err != nil {
		return err
	}
	_, err := e.stream.Recv(e.ctx)
	return err
}

func (e *echo[M]) finish() error {
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
func (c *caller[M]) pingPong(cli methods[M], streams int, m *M, span time.Duration) (Reply, error) {
	opened := make(chan *echo[M], streams)
	if _, err := each(streams, func() (tally, error) {
		e, err := openEcho(cli, m)
		opened <- e
		return tally{}, err
	}); err != nil {
		return nil, err
	}
	return each(streams, func() (tally, error) {
		e := <-opened
		t, err := again(span, e.roundTrip)
		if err != nil {
			return t, err
		}
		return t, e.finish()
	})
}

// messageOf is what a ping-pong sends.
func (c *caller[M]) messageOf(command Command) *M {
	if command.InText {
		return c.dialect.message(string(make([]byte, command.Size)), 1, nil)
	}
	return sized(c.dialect, command.Size)
}

// openClose opens a stream for each message there and back.
func (c *caller[M]) openClose(cli methods[M], size int, span time.Duration) (tally, error) {
	m := sized(c.dialect, size)
	return again(span, func() error {
		e, err := openEcho(cli, m)
		if err != nil {
			return err
		}
		return e.finish()
	})
}

// callAll makes one unary call after the other.
func (c *caller[M]) callAll(cli methods[M], size int, span time.Duration) (tally, error) {
	m := sized(c.dialect, size)
	return again(span, func() error {
		_, err := cli.unary(context.Background(), m)
		return err
	})
}

// again does work, one time after the other, until span is over, and takes down how long each took.
func again(span time.Duration, work func() error) (t tally, err error) {
	began := time.Now()
	for until := began.Add(span); began.Before(until); t.count++ {
		if err := work(); err != nil {
			return t, err
		}
		ended := time.Now()
		t.took = append(t.took, ended.Sub(began).Seconds()*1000)
		began = ended
	}
	return t, nil
}

// hold opens streams on which nothing happens.
func (c *caller[M]) hold(cli methods[M], streams int) (Reply, error) {
	for range streams {
		ctx, cancel := context.WithCancel(context.Background())
		if _, err := cli.idle(ctx); err != nil {
			cancel()
			return nil, err
		}
		c.idle = append(c.idle, cancel)
	}
	return Reply{"held": len(c.idle)}, nil
}

// cancelAll cancels what is held, one after the other, spread over span; it tells when, in Unix milliseconds.
func (c *caller[M]) cancelAll(span time.Duration) (Reply, error) {
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
