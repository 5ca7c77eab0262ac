// Command peer is a Kitex service that is traced by kitex-contrib/obs-opentelemetry: `peer server` serves Chat in both
// protocols and prints its port; with `peer server PROTOCOL ADDRESS` it asks the next service for its answer. `peer client
// PROTOCOL ADDRESS` asks once. Each span is printed as a line of JSON when it ends. A server ends with its stdin.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"otelpeer/kitex_gen/idl"
	"otelpeer/kitex_gen/idl/chat"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
	"github.com/kitex-contrib/obs-opentelemetry/tracing"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// printer exports a span as a line of JSON.
type printer struct{}

func (printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, span := range spans {
		tell(map[string]string{
			"name":    span.Name(),
			"kind":    span.SpanKind().String(),
			"traceId": span.SpanContext().TraceID().String(),
			"spanId":  span.SpanContext().SpanID().String(),
			"parent":  span.Parent().SpanID().String(),
		})
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }

func tell(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	klog.SetLevel(klog.LevelFatal)
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{})))
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{},
		propagation.Baggage{},
	))
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		serve(nil)
	case len(os.Args) == 4 && os.Args[1] == "server":
		serve(connect(os.Args[2], os.Args[3]))
	case len(os.Args) == 4 && os.Args[1] == "client":
		ctx, span := otel.Tracer("caller").Start(context.Background(), "caller")
		_, err := ask(ctx, connect(os.Args[2], os.Args[3]), &idl.Message{Text: "why?"})
		span.End()
		if err != nil {
			fail(err)
		}
		// What the client's tracer finishes behind the last message.
		time.Sleep(200 * time.Millisecond)
	default:
		fail(fmt.Errorf("usage: peer server [PROTOCOL ADDRESS] | peer client PROTOCOL ADDRESS"))
	}
}

func connect(protocol, address string) chat.Client {
	options := []client.Option{
		client.WithHostPorts(address),
		client.WithSuite(tracing.NewClientSuite()),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "GoService"}),
	}
	if protocol == "grpc" {
		options = append(options, client.WithTransportProtocol(transport.GRPC))
	} else {
		options = append(options, client.WithTransportProtocol(transport.TTHeaderStreaming))
	}
	return chat.MustNewClient("Chat", options...)
}

// ask returns the last word of the answer.
func ask(ctx context.Context, cli chat.Client, request *idl.Message) (last *idl.Message, err error) {
	stream, err := cli.Ask(ctx, request)
	if err != nil {
		return nil, err
	}
	for {
		message, err := stream.Recv(stream.Context())
		if err == io.EOF {
			return last, nil
		}
		if err != nil {
			return nil, err
		}
		last = message
	}
}

// answers is the service: it asks the next one, where there is one.
type answers struct{ next chat.Client }

func (a *answers) Ask(ctx context.Context, request *idl.Message, stream idl.Chat_askServer) error {
	answer := &idl.Message{Text: "because"}
	if a.next != nil {
		came, err := ask(ctx, a.next, request)
		if err != nil {
			return err
		}
		answer = came
	}
	return stream.Send(ctx, answer)
}

func serve(next chat.Client) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	srv := chat.NewServer(
		&answers{next},
		server.WithListener(listener),
		server.WithSuite(tracing.NewServerSuite()),
		server.WithExitWaitTime(time.Millisecond),
	)
	go func() {
		if err := srv.Run(); err != nil {
			fail(err)
		}
	}()
	tell(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	io.Copy(io.Discard, os.Stdin)
}
