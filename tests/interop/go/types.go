package main

import (
	"math"
	"reflect"

	"interop/kitex_gen/idl"

	"github.com/cloudwego/kitex/pkg/streaming"
)

// sendTypes sends values of every type and compares what comes back with what went out.
func sendTypes(e *end, stream streaming.ClientStream) {
	for i, value := range everything() {
		if err := stream.SendMsg(stream.Context(), value); err != nil {
			e.tell("types", fields{"value": i}, err)
			return
		}
		back := new(idl.Everything)
		if err := stream.RecvMsg(stream.Context(), back); err != nil {
			e.tell("types", fields{"value": i}, err)
			return
		}
		f := fields{"value": i, "equal": reflect.DeepEqual(value, back)}
		if f["equal"] == false {
			f["sent"], f["got"] = value.String(), back.String()
		}
		e.tell("types", f, nil)
	}
	e.tell("close", nil, stream.CloseSend(stream.Context()))
	e.tell("recv", nil, stream.RecvMsg(stream.Context(), new(idl.Everything)))
}

func everything() []*idl.Everything {
	plain := idl.NewEverything()
	plain.Leaf, plain.Shape, plain.Refused, plain.Tree = leaf("", 0), shape("label"), &idl.Refused{}, tree("", 0)
	plain.Limit = 7 // its default, 10, would come back as 0: Kitex's Recv decodes into a struct without defaults
	return []*idl.Everything{empty(plain), full(), extreme()}
}

func leaf(name string, weight int32) *idl.Leaf {
	l := &idl.Leaf{Name: name}
	if weight != 0 {
		l.Weight = &weight
	}
	return l
}

func shape(kind string) *idl.Shape {
	s := &idl.Shape{}
	switch kind {
	case "label":
		text := "a label"
		s.Label = &text
	case "leaf":
		s.Leaf = leaf("in a union", 3)
	case "points":
		s.Points = []int64{1, -1, math.MaxInt64}
	}
	return s
}

func tree(name string, depth int) *idl.Node {
	n := &idl.Node{Name: name, Children: []*idl.Node{}}
	if depth > 0 {
		n.Next = tree(name+"n", depth-1)
		n.Children = append(n.Children, tree(name+"l", depth-1), tree(name+"r", depth-1))
	}
	return n
}

// empty fills in what a decoder makes of an empty container.
func empty(v *idl.Everything) *idl.Everything {
	v.Raw = []byte{}
	v.Names, v.Primes, v.Totals, v.Leaves = []string{}, []int32{}, map[string]int64{}, map[int32][]*idl.Leaf{}
	v.Deep, v.Matrix, v.Colours = []map[string][]int64{}, [][]float64{}, map[idl.Colour]string{}
	return v
}

func full() *idl.Everything {
	note, count, flag := "a note", int64(12), true
	v := idl.NewEverything()
	v.Yes, v.Small, v.ShortNumber, v.Number, v.Big, v.Real = true, -7, 300, 70000, 5_000_000_000, 2.5
	v.Text, v.Raw, v.Colour, v.Must, v.Far = "text", []byte{0, 1, 255}, idl.Colour_BLUE, 28, "far"
	v.Leaf, v.Shape, v.Refused, v.Tree = leaf("leaf", 9), shape("leaf"), &idl.Refused{Code: 4, Reason: "no"}, tree("root", 4)
	v.Names, v.Primes = []string{"a", "", "c"}, []int32{2, 3, 5}
	v.Totals, v.Leaves = map[string]int64{"x": 1, "": -1}, map[int32][]*idl.Leaf{1: {leaf("a", 0), leaf("b", 1)}, 2: {}}
	v.Deep = []map[string][]int64{{"p": {1, 2}, "q": {}}, {}}
	v.Matrix, v.Colours = [][]float64{{1, 0}, {0, 1}, {}}, map[idl.Colour]string{idl.Colour_RED: "red", idl.Colour_BLUE: "blue"}
	v.Note, v.Count, v.Blobs, v.Flag = &note, &count, [][]byte{{1}, {}, {2, 3}}, &flag
	v.Greeting, v.Answer, v.Limit = "good evening", 0, 0
	return v
}

func extreme() *idl.Everything {
	v := full()
	v.Small, v.ShortNumber, v.Number, v.Big = math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64
	v.Real, v.Must = math.Inf(-1), math.MaxInt64
	v.Text, v.Far = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", "\x00"
	v.Colour, v.Shape = idl.Colour(99), shape("points")
	v.Colours = map[idl.Colour]string{idl.Colour(-1): "unknown"}
	v.Raw = make([]byte, 100_000)
	v.Matrix = [][]float64{{math.MaxFloat64, math.SmallestNonzeroFloat64, math.Copysign(0, -1)}}
	return v
}
