package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"interop/kitex_gen/absent/absent"
	missing "interop/kitex_gen/absent/interop"
	"interop/kitex_gen/idl"
	"interop/kitex_gen/idl/interop"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt/streamcall"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
)

const scriptKey = "SCRIPT"

type clients struct {
	interop interop.Client
	missing missing.Client
	absent  absent.Client
	grpc    grpcClients
}

var known = struct {
	sync.Mutex
	clients map[string]clients
}{clients: map[string]clients{}}

// clientFor keeps one Kitex client for each case and set of options: its pool is what a pool case is about.
func clientFor(caseID string, c Call) clients {
	o := c.Options
	key := fmt.Sprint(caseID, c.Address, o.ServiceName, o.Pool, o.RecvTimeoutMs, o.RecvTimeoutAt, o.DisableCancelRemote,
		o.Protocol, o.Anonymous)
	known.Lock()
	defer known.Unlock()
	if cs, ok := known.clients[key]; ok {
		return cs
	}
	opts := []client.Option{
		client.WithHostPorts(c.Address),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: o.ServiceName}),
	}
	var pool poolOption
	switch o.Pool {
	case "mux1":
		pool = ttstream.WithClientMuxConnPool(ttstream.MuxConnConfig{PoolSize: 1, MaxIdleTimeout: time.Minute})
	case "long":
		pool = ttstream.WithClientLongConnPool(ttstream.LongConnConfig{MaxIdleTimeout: time.Minute})
	case "short":
		pool = ttstream.WithClientShortConnPool()
	}
	if pool != nil {
		opts = append(opts, client.WithTTHeaderStreamingOptions(client.WithTTHeaderStreamingTransportOptions(pool)))
	}
	if o.RecvTimeoutMs > 0 && o.RecvTimeoutAt == "client" {
		opts = append(opts, recvTimeoutOfClient(o))
	}
	name := "Service" + c.To
	opts = append(opts, grpcOptions(o)...)
	cs := clients{
		grpc:    newGrpcClients(name, o, opts),
		interop: interop.MustNewClient(name, opts...),
		missing: missing.MustNewClient(name, opts...),
		absent:  absent.MustNewClient(name, opts...),
	}
	known.clients[key] = cs
	return cs
}

func open(ctx context.Context, caseID string, c Call) (streaming.ClientStream, error) {
	cs := clientFor(caseID, c)
	var opts []streamcall.Option
	if c.Options.RecvTimeoutMs > 0 && c.Options.RecvTimeoutAt != "client" {
		opts = append(opts, recvTimeoutOfCall(c.Options))
	}
	if c.Options.Protocol == "grpc" {
		return cs.grpc.open(ctx, c, opts)
	}
	if c.Service == "Absent" && c.Method == "bidi" {
		return cs.absent.Bidi(ctx, opts...)
	}
	switch c.Method {
	case "bidi":
		return cs.interop.Bidi(ctx, opts...)
	case "client":
		return cs.interop.Client(ctx, opts...)
	case "server":
		request := Body{}
		if c.Request != nil {
			request = *c.Request
		}
		return cs.interop.Server(ctx, message(request), opts...)
	case "types":
		return cs.interop.Types(ctx, opts...)
	case "missing":
		return cs.missing.Missing(ctx, opts...)
	case "absent":
		return cs.absent.Absent(ctx, opts...)
	}
	return nil, fmt.Errorf("no method %q", c.Method)
}

// call opens a stream and plays the client's script on it. up is the end that makes the call: a handler's, whose
// context the call inherits just as it is, or a bare one for the first of a chain.
func call(up *end, c Call) {
	ctx, cancel := up.ctx, func() {}
	switch {
	case c.Options.CancelReason != "":
		withCause, cancelCause := context.WithCancelCause(ctx)
		ctx, cancel = withCause, func() { cancelCause(errors.New(c.Options.CancelReason)) }
	case up.role == "" || c.Options.Wrapped:
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	if c.Options.TimeoutMs > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Duration(c.Options.TimeoutMs)*time.Millisecond)
		defer stop()
	}
	if c.Options.Cancelled {
		cancel()
	}
	for k, v := range c.Options.Transient {
		ctx = metainfo.WithValue(ctx, k, v)
	}
	for k, v := range c.Options.Persistent {
		ctx = metainfo.WithPersistentValue(ctx, k, v)
	}
	script, _ := json.Marshal(Script{Case: up.caseID, Node: c.To + c.Tag, Quiet: c.Quiet, Ops: c.Server, After: c.After})
	ctx = metainfo.WithValue(ctx, scriptKey, packScript(c.Options, script))

	e := &end{ctx: ctx, caseID: up.caseID, node: up.node, role: "client", quiet: up.quiet, last: up.last}
	if up.role != "" {
		e.up = up
	}
	ctx = withMetadata(ctx, c.Options)
	if c.Method == "unary" {
		callUnary(ctx, e, c, cancel)
		return
	}
	if c.Swarm != nil {
		swarm(e, c)
		return
	}
	stream, err := open(ctx, up.caseID, c)
	if err != nil {
		e.tell("open", nil, err)
		return
	}
	if c.Method == "types" {
		sendTypes(e, stream)
		return
	}
	e.ctx = stream.Context()
	if c.Options.Protocol == "grpc" {
		e.bindProtobuf(stream)
	} else {
		e.bind(stream)
	}
	e.more = func(e *end, op Op) (bool, error) {
		switch op.Do {
		case "close":
			e.tell("close", nil, stream.CloseSend(e.ctx))
		case "cancel":
			cancel()
			e.tell("cancel", nil, nil)
		case "header":
			kv, err := stream.Header()
			kv = ownKeys(kv, c.Options)
			e.tell("header", fields{"kv": present(kv, err)}, err)
		case "trailer":
			kv, err := stream.Trailer()
			kv = ownKeys(kv, c.Options)
			e.tell("trailer", fields{"kv": present(kv, err)}, err)
		case "cut", "spoil": // the runner does it to the connection
			e.tell(op.Do, nil, nil)
		default:
			return false, nil
		}
		return true, nil
	}
	_ = e.play(c.Client)
}

func (e *end) bind(stream streaming.ClientStream) {
	e.send = func(m *idl.Message) error { return stream.SendMsg(stream.Context(), m) }
	e.recv = func() (*idl.Message, error) {
		m := new(idl.Message)
		return m, stream.RecvMsg(stream.Context(), m)
	}
}

// present is the map that was read; nothing where there was none to read.
func present(kv map[string]string, err error) any {
	if err != nil {
		return nil
	}
	if kv == nil {
		return map[string]string{}
	}
	return kv
}
