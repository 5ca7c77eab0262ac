package main

// A script says what one end of a stream does. The client gets its script on stdin, the server gets its own in
// the metainfo of the call, so that a case is one piece of data and both languages run the very same one.

// Script is the server's half of a call.
type Script struct {
	Case  string `json:"case"`
	Node  string `json:"node"`
	Quiet bool   `json:"quiet,omitempty"` // no events, only counted: for thousands of streams
	Ops   []Op   `json:"ops"`
	After []Op   `json:"after,omitempty"` // run once the handler has returned
}

// Call is one stream, seen from its client.
type Call struct {
	To      string  `json:"to"`      // node that answers
	Tag     string  `json:"tag"`     // behind its letter, where several streams run at once
	Address string  `json:"address"` // filled in by the runner
	Service string  `json:"service,omitempty"`
	Method  string  `json:"method"`
	Request *Body   `json:"request,omitempty"` // of a server-streaming or unary call
	Options Options `json:"options"`
	Client  []Op    `json:"client"`
	Server  []Op    `json:"server"`
	After   []Op    `json:"after,omitempty"`
	Quiet   bool    `json:"quiet,omitempty"`
	Swarm   *Swarm  `json:"swarm,omitempty"` // many streams instead of one; Client is not used
}

type Options struct {
	ServiceName         string            `json:"serviceName,omitempty"` // of the caller
	Pool                string            `json:"pool,omitempty"`        // mux (default), mux1, long, short
	TimeoutMs           int               `json:"timeoutMs,omitempty"`
	RecvTimeoutMs       int               `json:"recvTimeoutMs,omitempty"`
	RecvTimeoutAt       string            `json:"recvTimeoutAt,omitempty"` // client or call (default)
	DisableCancelRemote bool              `json:"disableCancelRemote,omitempty"`
	Persistent          map[string]string `json:"persistent,omitempty"`
	Transient           map[string]string `json:"transient,omitempty"`
	Cancelled           bool              `json:"cancelled,omitempty"`    // before the call is made
	CancelReason        string            `json:"cancelReason,omitempty"` // what the op cancel gives as its cause
	Wrapped             bool              `json:"wrapped,omitempty"`      // the handler's context, wrapped
	Protocol            string            `json:"protocol,omitempty"`     // ttheader (default), grpc, grpc-thrift
	Anonymous           bool              `json:"anonymous,omitempty"`    // over gRPC: without Kitex's metadata handlers
	Metadata            map[string]string `json:"metadata,omitempty"`     // over gRPC: keys beside metainfo; -bin in base64
}

type Body struct {
	Text   string `json:"text,omitempty"`
	Number int64  `json:"number,omitempty"`
	Size   int    `json:"size,omitempty"` // bytes in the blob
}

type Swarm struct {
	Streams  int  `json:"streams"`
	Messages int  `json:"messages"`
	AtOnce   int  `json:"atOnce"`
	Cancel   bool `json:"cancel"` // two streams of three are cancelled, at a moment drawn from their number
}

type Op struct {
	Do      string            `json:"do"`
	N       int               `json:"n,omitempty"`
	Sizes   []int             `json:"sizes,omitempty"`
	EveryMs int               `json:"everyMs,omitempty"`
	Ms      int               `json:"ms,omitempty"`
	KV      map[string]string `json:"kv,omitempty"`
	Code    int32             `json:"code,omitempty"`
	Extra   map[string]string `json:"extra,omitempty"`
	Loose   bool              `json:"loose,omitempty"` // how many messages depends on the clock: not told
	Up      bool              `json:"up,omitempty"`    // in a call made by a handler: act on the handler's own stream
	Lanes   [][]Op            `json:"lanes,omitempty"`
	Call    *Call             `json:"call,omitempty"`
	Body
}

// Command is one line on stdin.
type Command struct {
	Case string `json:"case"`
	Node string `json:"node"`
	Call Call   `json:"call"`
}
