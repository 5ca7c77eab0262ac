package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"interop/kitex_gen/idl"
	"interop/kitex_gen/idl/interop"
	pbabsent "interop/kitex_gen/pbabsent/pbabsent"
	pbmissing "interop/kitex_gen/pbabsent/pbinterop"
	"interop/kitex_gen/pbidl"
	"interop/kitex_gen/pbidl/pbinterop"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt/streamcall"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
)

// Over gRPC a script plays on a service of protobuf messages, PbInterop, or on Interop with its Thrift structs.

// serveGrpc serves both, and with Kitex's metadata handlers: what comes may be TTHeader Streaming, too.
func serveGrpc() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := server.NewServer(
		server.WithListener(listener),
		server.WithExitWaitTime(time.Millisecond),
		server.WithMetaHandler(transmeta.ServerHTTP2Handler),
		server.WithCompatibleMiddlewareForUnary(), // without it Kitex panics on every unary method of generated streamx code
	)
	if err := interop.RegisterService(srv, &handlers{}, server.WithFallbackService()); err != nil {
		return "", err
	}
	if err := pbinterop.RegisterService(srv, &pbHandlers{}); err != nil {
		return "", err
	}
	go func() {
		if err := srv.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	return listener.Addr().String(), nil
}

type pbHandlers struct{}

func (pbHandlers) Bidi(ctx context.Context, s pbidl.PbInterop_BidiServer) error {
	return handle(ctx, "bidi", nil, pbEndsOf(ctx, s))
}

func (pbHandlers) Client(ctx context.Context, s pbidl.PbInterop_ClientServer) error {
	return handle(ctx, "client", nil, pbEndsOf(ctx, s))
}

func (pbHandlers) Server(ctx context.Context, m *pbidl.Message, s pbidl.PbInterop_ServerServer) error {
	return handle(ctx, "server", fromPb(m), pbEndsOf(ctx, s))
}

func (pbHandlers) Unary(ctx context.Context, m *pbidl.Message) (*pbidl.Message, error) {
	response, err := handleUnary(ctx, fromPb(m))
	return toPb(response), err
}

// handleUnary plays a script whose last send is the response.
func handleUnary(ctx context.Context, request *idl.Message) (*idl.Message, error) {
	response := &idl.Message{}
	none := func(map[string]string) error { return nil }
	err := handle(ctx, "unary", request, ends{
		send: func(m *idl.Message) error {
			response = m
			return nil
		},
		recv:      func() (*idl.Message, error) { return nil, io.EOF },
		setHeader: none, sendHeader: none, setTrailer: none,
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func pbEndsOf(ctx context.Context, stream streaming.ServerStream) ends {
	e := endsOf(ctx, stream)
	e.send = func(m *idl.Message) error { return stream.SendMsg(ctx, toPb(m)) }
	e.recv = func() (*idl.Message, error) {
		m := new(pbidl.Message)
		err := stream.RecvMsg(ctx, m)
		return fromPb(m), err
	}
	return e
}

func (e *end) bindProtobuf(stream streaming.ClientStream) {
	e.send = func(m *idl.Message) error { return stream.SendMsg(stream.Context(), toPb(m)) }
	e.recv = func() (*idl.Message, error) {
		m := new(pbidl.Message)
		err := stream.RecvMsg(stream.Context(), m)
		return fromPb(m), err
	}
}

func toPb(m *idl.Message) *pbidl.Message {
	if m == nil {
		return nil
	}
	return &pbidl.Message{Text: m.Text, Number: m.Number, Blob: m.Blob}
}

func fromPb(m *pbidl.Message) *idl.Message {
	return &idl.Message{Text: m.Text, Number: m.Number, Blob: m.Blob}
}

type grpcClients struct {
	interop pbinterop.Client
	missing pbmissing.Client
	absent  pbabsent.Client
}

// newGrpcClients makes the clients of the protobuf services, where they are wanted.
func newGrpcClients(name string, o Options, opts []client.Option) grpcClients {
	if o.Protocol != "grpc" {
		return grpcClients{}
	}
	return grpcClients{
		interop: pbinterop.MustNewClient(name, opts...),
		missing: pbmissing.MustNewClient(name, opts...),
		absent:  pbabsent.MustNewClient(name, opts...),
	}
}

func grpcOptions(o Options) []client.Option {
	if !isGrpc(o) {
		return nil
	}
	opts := []client.Option{client.WithTransportProtocol(transport.GRPC)}
	if !o.Anonymous {
		opts = append(opts, client.WithMetaHandler(transmeta.ClientHTTP2Handler))
	}
	return opts
}

func isGrpc(o Options) bool { return strings.HasPrefix(o.Protocol, "grpc") }

func (cs grpcClients) open(ctx context.Context, c Call, opts []streamcall.Option) (streaming.ClientStream, error) {
	if c.Service == "Absent" && c.Method == "bidi" {
		return cs.absent.Bidi(ctx, opts...)
	}
	switch c.Method {
	case "bidi":
		return cs.interop.Bidi(ctx, opts...)
	case "client":
		return cs.interop.Client(ctx, opts...)
	case "server":
		return cs.interop.Server(ctx, toPb(requestOf(c)), opts...)
	case "missing":
		return cs.missing.Missing(ctx, opts...)
	case "absent":
		return cs.absent.Absent(ctx, opts...)
	}
	return nil, fmt.Errorf("no method %q over gRPC", c.Method)
}

func requestOf(c Call) *idl.Message {
	if c.Request == nil {
		return message(Body{})
	}
	return message(*c.Request)
}

// callUnary makes a unary call beside the client's script, in which recv is the response.
func callUnary(ctx context.Context, e *end, c Call, cancel func()) {
	cs := clientFor(e.caseID, c)
	type answer struct {
		response *idl.Message
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		if c.Options.Protocol == "grpc" {
			response, err := cs.grpc.interop.Unary(ctx, toPb(requestOf(c)))
			if err != nil {
				response = &pbidl.Message{}
			}
			answers <- answer{fromPb(response), err}
			return
		}
		response, err := cs.interop.Unary(ctx, requestOf(c))
		answers <- answer{response, err}
	}()
	e.send = func(*idl.Message) error { return fmt.Errorf("a unary call sends one request") }
	e.recv = func() (*idl.Message, error) {
		a := <-answers
		answers <- a
		return a.response, a.err
	}
	e.more = func(e *end, op Op) (bool, error) {
		if op.Do != "cancel" {
			return false, nil
		}
		cancel()
		e.tell("cancel", nil, nil)
		return true, nil
	}
	_ = e.play(c.Client)
}

// packScript makes a script fit for a header of HTTP/2, which is ASCII.
func packScript(o Options, script []byte) string {
	if !isGrpc(o) {
		return string(script)
	}
	return base64.StdEncoding.EncodeToString(script)
}

func unpackScript(text string) []byte {
	if strings.HasPrefix(text, "{") {
		return []byte(text)
	}
	script, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return []byte(text) // what reads it says that it is no JSON
	}
	return script
}

// withMetadata sends keys of the caller's own; those that end with -bin are bytes, in scripts as base64.
func withMetadata(ctx context.Context, o Options) context.Context {
	for k, v := range o.Metadata {
		if strings.HasSuffix(k, "-bin") {
			bytes, _ := base64.StdEncoding.DecodeString(v)
			v = string(bytes)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, k, v)
	}
	return ctx
}

// incoming is what a handler finds of such keys: all scripts begin theirs with x-.
func incoming(ctx context.Context) map[string]string {
	kv := map[string]string{}
	md, _ := metadata.FromIncomingContext(ctx)
	for k, values := range md {
		if !strings.HasPrefix(k, "x-") {
			continue
		}
		v := strings.Join(values, ", ")
		if strings.HasSuffix(k, "-bin") {
			v = base64.StdEncoding.EncodeToString([]byte(v))
		}
		kv[k] = v
	}
	return kv
}

// ownKeys is a header or trailer without what belongs to HTTP.
func ownKeys(kv map[string]string, o Options) map[string]string {
	if !isGrpc(o) {
		return kv
	}
	own := map[string]string{}
	for k, v := range kv {
		if k != "content-type" && k != "user-agent" {
			own[k] = v
		}
	}
	return own
}
