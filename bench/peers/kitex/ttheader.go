package main

import (
	"context"
	"net"
	"time"

	"bench/kitex_gen/idl"
	"bench/kitex_gen/idl/bench"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/server"
)

// ttheader is TTHeader Streaming with Thrift structs.
var ttheader = dialect[idl.Message]{
	message: func(text string, number int64, blob []byte) *idl.Message {
		return &idl.Message{Text: text, Number: number, Blob: blob}
	},
	text:    (*idl.Message).GetText,
	number:  (*idl.Message).GetNumber,
	connect: connectTTHeader,
}

func connectTTHeader(address string, p pool) methods[idl.Message] {
	options := []client.Option{
		client.WithHostPorts(address),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "ServiceA"}),
	}
	if p.long {
		options = append(options, withPool(ttstream.WithClientLongConnPool(ttstream.DefaultLongConnConfig)))
	} else if p.connections > 0 {
		config := ttstream.MuxConnConfig{PoolSize: p.connections, MaxIdleTimeout: time.Minute}
		options = append(options, withPool(ttstream.WithClientMuxConnPool(config)))
	}
	cli := bench.MustNewClient("ServiceB", options...)
	return methods[idl.Message]{
		stream: func(ctx context.Context, m *idl.Message) (streaming.ServerStreamingClient[idl.Message], error) {
			return cli.Stream(ctx, m)
		},
		collect: func(ctx context.Context) (streaming.ClientStreamingClient[idl.Message, idl.Message], error) {
			return cli.Collect(ctx)
		},
		echo: func(ctx context.Context) (bidiClient[idl.Message], error) { return cli.Echo(ctx) },
		idle: func(ctx context.Context) (bidiClient[idl.Message], error) { return cli.Idle(ctx) },
	}
}

func withPool(pool ttstream.ClientProviderOption) client.Option {
	return client.WithTTHeaderStreamingOptions(client.WithTTHeaderStreamingTransportOptions(pool))
}

// ttheaderHandlers are the handlers, by the types that Kitex has generated.
type ttheaderHandlers struct{ handlers[idl.Message] }

func (h ttheaderHandlers) Stream(ctx context.Context, request *idl.Message, stream idl.Bench_streamServer) error {
	return h.stream(ctx, request, stream)
}

func (h ttheaderHandlers) Collect(ctx context.Context, stream idl.Bench_collectServer) error {
	return h.collect(ctx, stream)
}

func (h ttheaderHandlers) Echo(ctx context.Context, stream idl.Bench_echoServer) error {
	return h.echo(ctx, stream)
}

func (h ttheaderHandlers) Idle(ctx context.Context, _ idl.Bench_idleServer) error {
	return h.idle(ctx)
}

func newTTHeaderServer(listener net.Listener) server.Server {
	h := &ttheaderHandlers{handlers[idl.Message]{ttheader}}
	return bench.NewServer(h, server.WithListener(listener), server.WithExitWaitTime(time.Millisecond))
}
