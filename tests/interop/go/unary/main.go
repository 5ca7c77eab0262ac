// Command unary is Kitex's end of the unary interop runs.
//
//	unary server [mux]              serves until it is ended, and prints where
//	unary client ADDRESS TRANSPORT  plays every case against a server, and prints a line of JSON for each
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"interop/kitex_gen/unary"
	"interop/kitex_gen/unary/words"
	"interop/kitex_gen/unarymore/numbers"
	more "interop/kitex_gen/unarymore/words"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
)

func main() {
	klog.SetLevel(klog.LevelFatal)
	var err error
	switch {
	case len(os.Args) >= 2 && os.Args[1] == "server":
		err = serve(len(os.Args) > 2 && os.Args[2] == "mux")
	case len(os.Args) == 4 && os.Args[1] == "client":
		err = play(os.Args[2], os.Args[3])
	default:
		err = errors.New("usage: unary server [mux] | unary client ADDRESS TRANSPORT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type handlers struct {
	mu   sync.Mutex
	note string
}

func (h *handlers) Shout(ctx context.Context, text string) (string, error) {
	return strings.ToUpper(text), nil
}

func (h *handlers) Echo(ctx context.Context, item *unary.Item) (*unary.Item, error) { return item, nil }

func (h *handlers) Add(ctx context.Context, a, b int64) (int64, error) { return a + b, nil }

func (h *handlers) Nothing(ctx context.Context) error { return nil }

func (h *handlers) Find(ctx context.Context, text string) (string, error) {
	return "", &unary.NotThere{What: text, Tries: 3}
}

func (h *handlers) Fail(ctx context.Context, text string) (string, error) {
	return "", errors.New(text)
}

func (h *handlers) Biz(ctx context.Context, code int32) (string, error) {
	return "", kerrors.NewBizStatusErrorWithExtra(code, "no such word", map[string]string{"word": "x"})
}

func (h *handlers) Meta(ctx context.Context, text string) (string, error) {
	user, _ := metainfo.GetPersistentValue(ctx, "user")
	hop, _ := metainfo.GetValue(ctx, "hop")
	metainfo.SendBackwardValue(ctx, "cost", "7")
	return text + " " + user + " " + hop, nil
}

func (h *handlers) Slow(ctx context.Context, ms int32) (string, error) {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	return "done", nil
}

func (h *handlers) Note(ctx context.Context, text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note = text
	return nil
}

func (h *handlers) Noted(ctx context.Context) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.note, nil
}

func (h *handlers) Repeat(ctx context.Context, item *unary.Item, stream unary.Words_repeatServer) error {
	for i := int64(0); i < item.Number; i++ {
		if err := stream.Send(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func serve(mux bool) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	options := []server.Option{
		server.WithListener(listener),
		server.WithExitWaitTime(time.Millisecond),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
	}
	if mux {
		options = append(options, server.WithMuxTransport())
	}
	srv := words.NewServer(&handlers{}, options...)
	fmt.Println("listening on", listener.Addr())
	return srv.Run()
}

func optionsOf(address, kind string) ([]client.Option, error) {
	options := []client.Option{
		client.WithHostPorts(address),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
		client.WithRPCTimeout(10 * time.Second),
		client.WithConnectTimeout(2 * time.Second),
	}
	switch kind {
	case "ttheader":
		return append(options, client.WithTransportProtocol(transport.TTHeader)), nil
	case "ttheader-framed":
		return append(options, client.WithTransportProtocol(transport.TTHeaderFramed)), nil
	case "framed":
		return append(options, client.WithTransportProtocol(transport.Framed)), nil
	case "buffered":
		return append(options, client.WithTransportProtocol(transport.PurePayload)), nil
	case "grpc":
		return append(options, client.WithTransportProtocol(transport.GRPC)), nil
	case "mux":
		return append(options, client.WithTransportProtocol(transport.TTHeader), client.WithMuxConnection(1)), nil
	default:
		return nil, fmt.Errorf("no transport %q", kind)
	}
}

func say(name string, result any, err error) {
	line := map[string]any{"case": name}
	if err == nil {
		line["result"] = result
	} else {
		line["error"] = err.Error()
		var missing *unary.NotThere
		if errors.As(err, &missing) {
			line["error"] = "NotThere"
			line["what"] = missing.What
			line["tries"] = missing.Tries
		}
		if biz, ok := kerrors.FromBizStatusError(err); ok {
			line["code"], line["extra"] = biz.BizStatusCode(), biz.BizExtra()
		}
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func play(address, kind string) error {
	options, err := optionsOf(address, kind)
	if err != nil {
		return err
	}
	c := words.MustNewClient("words", options...)
	ctx := context.Background()
	text, err := c.Shout(ctx, "hi")
	say("shout", text, err)
	item, err := c.Echo(ctx, &unary.Item{Text: "tea", Number: 1 << 40, Blob: make([]byte, 100_000)})
	if err == nil {
		say("echo", fmt.Sprint(item.Text, item.Number, len(item.Blob)), nil)
	} else {
		say("echo", nil, err)
	}
	sum, err := c.Add(ctx, 40, 2)
	say("add", sum, err)
	say("nothing", "nothing", c.Nothing(ctx))
	text, err = c.Find(ctx, "tea")
	say("find", text, err)
	text, err = c.Fail(ctx, "the kettle is broken")
	say("fail", text, err)
	text, err = c.Biz(ctx, 404)
	say("biz", text, err)
	meta := metainfo.WithPersistentValue(metainfo.WithValue(ctx, "hop", "1"), "user", "ada")
	meta = metainfo.WithBackwardValues(meta)
	text, err = c.Meta(meta, "hi")
	cost, _ := metainfo.RecvBackwardValue(meta, "cost")
	say("meta", text+" "+cost, err)
	say("note", "noted", c.Note(ctx, "remember "+kind))
	text = ""
	for i := 0; i < 200 && text != "remember "+kind && err == nil; i++ {
		time.Sleep(5 * time.Millisecond)
		text, err = c.Noted(ctx)
	}
	say("noted", text, err)
	m := more.MustNewClient("words", options...)
	text, err = m.Whisper(ctx, "hi")
	say("unknown method", text, err)
	n := numbers.MustNewClient("numbers", options...)
	double, err := n.Double(ctx, 21)
	say("unknown service", double, err)
	hasty := words.MustNewClient("words", append(options, client.WithRPCTimeout(100*time.Millisecond))...)
	text, err = hasty.Slow(ctx, 1000)
	if err != nil {
		err = errors.New(strings.SplitN(err.Error(), ",", 2)[0])
	}
	say("time-out", text, err)
	text, err = hasty.Shout(ctx, "after it")
	say("after the time-out", text, err)
	say("a thousand at a time", many(c, 1000), nil)
	return nil
}

func many(c words.Client, calls int) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	for i := range calls {
		wg.Add(1)
		go func() {
			defer wg.Done()
			sum, err := c.Add(context.Background(), int64(i), 1)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && sum == int64(i)+1 {
				good++
			} else if good >= 0 && err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
	wg.Wait()
	return good
}
