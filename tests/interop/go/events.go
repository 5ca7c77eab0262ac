package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/status"
)

type fields map[string]any

var stdout = struct {
	sync.Mutex
	*json.Encoder
}{Encoder: json.NewEncoder(os.Stdout)}

// emit prints one event as one line of JSON.
func emit(f fields) {
	stdout.Lock()
	defer stdout.Unlock()
	_ = stdout.Encode(f)
}

// explain adds what there is to know about an error: its whole text, its code, its kind.
func explain(f fields, err error) fields {
	if err == nil {
		return f
	}
	if err == io.EOF {
		f["end"] = true
		return f
	}
	if biz, ok := kerrors.FromBizStatusError(err); ok {
		extra := biz.BizExtra()
		if extra == nil {
			extra = map[string]string{}
		}
		f["biz"] = fields{"code": biz.BizStatusCode(), "message": biz.BizMessage(), "extra": extra}
	}
	f["error"] = err.Error()
	if s, ok := status.FromError(err); ok && f["biz"] == nil { // gRPC's
		f["code"] = s.Code()
		return f
	}
	var coded interface {
		error
		TypeId() int32
	}
	if errors.As(err, &coded) {
		f["code"] = coded.TypeId()
		f["kind"] = kindOf(err)
	}
	return f
}
