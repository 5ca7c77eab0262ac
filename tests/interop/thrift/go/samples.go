package main

import (
	"thriftpeer/kitex_gen/types"

	"github.com/cloudwego/gopkg/protocol/thrift"
)

// Values that Kitex writes or reads in a way of its own.
var samples = map[string]func() thrift.FastCodec{
	"nil wherever it may be": func() thrift.FastCodec {
		return &types.Everything{
			Requireds: &types.Requireds{Leaf: &types.Leaf{}, Choice: &types.Choice{Text: new(string)}},
			Defaults:  &types.Defaults{Leaf: &types.Leaf{}},
			Failure:   &types.Failure{},
		}
	},
	"defaults as they are": func() thrift.FastCodec { return types.NewDefaults() },
	"a chain of two": func() thrift.FastCodec {
		return &types.Chain{Value: 1, Next: &types.Chain{Value: 2}}
	},
	"two that hold each other": func() thrift.FastCodec {
		return &types.Ping{Pong: &types.Pong{Ball: "red"}}
	},
	"a nil struct with a required field": func() thrift.FastCodec { return &types.Holder{Number: 1} },
	"a nil union that is required": func() thrift.FastCodec {
		return &types.Requireds{Leaf: &types.Leaf{}}
	},
	"a nil union in a list": func() thrift.FastCodec {
		return &types.Choice{Choices: []*types.Choice{nil}}
	},
	"a union without a field": func() thrift.FastCodec { return &types.Choice{} },
	"a union of a newer IDL": func() thrift.FastCodec {
		number := int64(1)
		return &types.Everything{
			Requireds: &types.Requireds{Leaf: &types.Leaf{}, Choice: &types.Choice{Number: &number}},
			Choice:    &types.Choice{Number: &number},
		}
	},
	"an enum's value without a name": func() thrift.FastCodec { return &types.Scalars{Level: types.Level(77)} },
	"text that is not UTF-8":         func() thrift.FastCodec { return &types.Older{Text: "a\xff"} },
	"an element twice in a set": func() thrift.FastCodec {
		return &types.Containers{Words: []string{"a", "a"}, Different: []*types.Leaf{{Name: "a"}, {Name: "a"}}}
	},
}
