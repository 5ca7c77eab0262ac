// Kitex's codec as a program: it writes and reads structs of types.thrift as Kitex's streams do. One JSON object a line
// comes in on standard input, and one goes out for each.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"thriftpeer/kitex_gen/types"

	"github.com/cloudwego/gopkg/protocol/thrift"
)

// The structs that may be asked for.
var structs = []thrift.FastCodec{
	new(types.Empty), new(types.Leaf), new(types.Scalars), new(types.Optionals), new(types.Requireds),
	new(types.Defaults), new(types.Containers), new(types.Choice), new(types.Failure), new(types.Tree),
	new(types.Everything), new(types.Chain), new(types.Ping), new(types.Pong), new(types.Strict), new(types.Holder),
	new(types.Older), new(types.Retyped), new(types.OlderChoice), new(types.OlderHolder),
}

type request struct {
	Op      string // make, sample, same or echo
	Type    string // a struct's name
	Seed    int64  // make, same: which random value
	Sample  string // sample: the value's name
	Payload string // same, echo: in hex
}

type answer struct {
	Payload string `json:"payload,omitempty"`
	Value   string `json:"value,omitempty"` // what was read, for people
	Same    bool   `json:"same,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(reply(asked)); err != nil {
			os.Exit(1)
		}
	}
}

func reply(asked request) (a answer) {
	// Kitex's codec panics where a union has no field, or more than one.
	defer func() {
		if reason := recover(); reason != nil {
			a = answer{Error: fmt.Sprint("panic: ", reason)}
		}
	}()
	switch asked.Op {
	case "make":
		return answer{Payload: write(random(asked.Type, asked.Seed))}
	case "sample":
		sample, known := samples[asked.Sample]
		if !known {
			return answer{Error: "no sample " + asked.Sample}
		}
		return answer{Payload: write(sample())}
	case "same":
		// Against what Kitex reads of its own bytes: a nil struct is none any more after that.
		mine, err := read(asked.Type, write(random(asked.Type, asked.Seed)))
		if err != nil {
			return answer{Error: err.Error()}
		}
		theirs, err := read(asked.Type, asked.Payload)
		if err != nil {
			return answer{Error: err.Error()}
		}
		if reflect.DeepEqual(mine, theirs) {
			return answer{Same: true}
		}
		return answer{Error: fmt.Sprintf("Go wrote %v, and got back %v", mine, theirs)}
	case "echo":
		value, err := read(asked.Type, asked.Payload)
		if err != nil {
			return answer{Error: err.Error()}
		}
		a.Value = fmt.Sprint(value)
		a.Payload = write(value)
		return a
	case "read":
		value, err := read(asked.Type, asked.Payload)
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{Value: fmt.Sprint(value)}
	}
	return answer{Error: "no operation " + asked.Op}
}

// A new struct, made as Kitex's Recv makes it: without its defaults.
func empty(name string) thrift.FastCodec {
	for _, known := range structs {
		if t := reflect.TypeOf(known).Elem(); t.Name() == name {
			return reflect.New(t).Interface().(thrift.FastCodec)
		}
	}
	panic("no struct " + name)
}

// As Kitex's ttstream.EncodePayload does.
func write(value thrift.FastCodec) string {
	return hex.EncodeToString(thrift.FastMarshal(value))
}

// As Kitex's ttstream.DecodePayload does.
func read(name, payload string) (thrift.FastCodec, error) {
	bytes, err := hex.DecodeString(strings.TrimSpace(payload))
	if err != nil {
		return nil, err
	}
	value := empty(name)
	return value, thrift.FastUnmarshal(bytes, value)
}
