package main

import (
	"context"
	"net"
	"time"

	"bench/kitex_gen/pbidl"
	"bench/kitex_gen/pbidl/pbbench"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/server"
)

// grpc is gRPC with protobuf messages.
var grpc = dialect[pbidl.Message]{
	message: func(text string, number int64, blob []byte) *pbidl.Message {
		return &pbidl.Message{Text: text, Number: number, Blob: blob}
	},
	text:    (*pbidl.Message).GetText,
	number:  (*pbidl.Message).GetNumber,
	connect: connectGrpc,
}

func connectGrpc(address string, p pool) methods[pbidl.Message] {
	options := []client.Option{
		client.WithHostPorts(address),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "ServiceA"}),
	}
	if p.connections > 0 {
		options = append(options, client.WithGRPCConnPoolSize(uint32(p.connections)))
	}
	cli := pbbench.MustNewClient("ServiceB", options...)
	return methods[pbidl.Message]{
		stream: func(ctx context.Context, m *pbidl.Message) (streaming.ServerStreamingClient[pbidl.Message], error) {
			return cli.Stream(ctx, m)
		},
		collect: func(ctx context.Context) (streaming.ClientStreamingClient[pbidl.Message, pbidl.Message], error) {
			return cli.Collect(ctx)
		},
		echo: func(ctx context.Context) (bidiClient[pbidl.Message], error) { return cli.Echo(ctx) },
		idle: func(ctx context.Context) (bidiClient[pbidl.Message], error) { return cli.Idle(ctx) },
		unary: func(ctx context.Context, m *pbidl.Message) (*pbidl.Message, error) {
			return cli.Unary(ctx, m)
		},
	}
}

// grpcHandlers are the handlers, by the types that Kitex has generated.
type grpcHandlers struct{ handlers[pbidl.Message] }

func (h grpcHandlers) Stream(ctx context.Context, request *pbidl.Message, stream pbidl.PbBench_StreamServer) error {
	return h.stream(ctx, request, stream)
}

func (h grpcHandlers) Collect(ctx context.Context, stream pbidl.PbBench_CollectServer) error {
	return h.collect(ctx, stream)
}

func (h grpcHandlers) Echo(ctx context.Context, stream pbidl.PbBench_EchoServer) error {
	return h.echo(ctx, stream)
}

func (h grpcHandlers) Idle(ctx context.Context, _ pbidl.PbBench_IdleServer) error {
	return h.idle(ctx)
}

func (grpcHandlers) Unary(_ context.Context, request *pbidl.Message) (*pbidl.Message, error) {
	return request, nil
}

func newGrpcServer(listener net.Listener) server.Server {
	h := &grpcHandlers{handlers[pbidl.Message]{grpc}}
	return pbbench.NewServer(
		h,
		server.WithListener(listener),
		server.WithExitWaitTime(time.Millisecond),
		server.WithCompatibleMiddlewareForUnary(), // without it Kitex panics on every unary method of generated streamx code
	)
}
