package main

import (
	"context"

	"github.com/cloudwego/kitex/pkg/streaming"
)

// dialect is what differs between the protocols: the messages, and whose methods they are.
type dialect[M any] struct {
	message func(text string, number int64, blob []byte) *M
	text    func(*M) string
	number  func(*M) int64
	connect func(address string, p pool) methods[M]
}

// pool is the connections of a client: so many; with 0, as many as Kitex takes by itself; or one for each stream.
type pool struct {
	connections int
	long        bool
}

type bidiClient[M any] = streaming.BidiStreamingClient[M, M]

// methods are those of the service, at a client.
type methods[M any] struct {
	stream  func(context.Context, *M) (streaming.ServerStreamingClient[M], error)
	collect func(context.Context) (streaming.ClientStreamingClient[M, M], error)
	echo    func(context.Context) (bidiClient[M], error)
	idle    func(context.Context) (bidiClient[M], error)
	// unary there is over gRPC alone.
	unary func(context.Context, *M) (*M, error)
}

// sized has the text that every peer's messages have: payloads are of one size everywhere.
func sized[M any](d dialect[M], size int) *M {
	return d.message("sixteen letters.", 1, make([]byte, size))
}
