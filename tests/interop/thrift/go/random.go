package main

import (
	"math"
	"math/rand"
	"reflect"
	"strings"

	"github.com/cloudwego/gopkg/protocol/thrift"
)

// Deeper than this nothing optional is set, and containers are empty.
const maxDepth = 4

// random fills a struct; the same seed gives the same value.
func random(name string, seed int64) thrift.FastCodec {
	value := empty(name)
	fillStruct(rand.New(rand.NewSource(seed)), reflect.ValueOf(value).Elem(), 0)
	return value
}

func fillStruct(r *rand.Rand, v reflect.Value, depth int) {
	_, isUnion := v.Addr().Type().MethodByName("CountSetFields" + v.Type().Name())
	chosen := r.Intn(max(v.NumField(), 1))
	if isUnion && depth >= maxDepth {
		chosen = 0 // the text
	}
	for i := 0; i < v.NumField(); i++ {
		field, tag := v.Field(i), v.Type().Field(i).Tag.Get("frugal")
		switch optional := strings.Contains(tag, ",optional,"); {
		case isUnion && i != chosen:
		case !isUnion && optional && field.Kind() != reflect.Bool && (depth >= maxDepth || r.Intn(3) == 0):
			unset(v, field, i)
		default:
			fill(r, field, depth)
		}
	}
}

// unset leaves an optional field out: one with a default is left out by having that value.
func unset(v, field reflect.Value, i int) {
	getter := v.Addr().MethodByName("Get" + v.Type().Field(i).Name)
	if field.Kind() != reflect.Pointer && getter.IsValid() {
		field.Set(getter.Call(nil)[0])
	}
}

func fill(r *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if v.Elem().Kind() == reflect.Struct {
			fillStruct(r, v.Elem(), depth+1)
		} else {
			fill(r, v.Elem(), depth)
		}
	case reflect.Bool:
		v.SetBool(r.Intn(2) == 1)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(integer(r, bits(v.Type())))
	case reflect.Float64:
		v.SetFloat(double(r))
	case reflect.String:
		v.SetString(text(r))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			bytes := make([]byte, r.Intn(12))
			r.Read(bytes)
			v.SetBytes(bytes)
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		for range size(r, depth) {
			item := reflect.New(v.Type().Elem()).Elem()
			fill(r, item, depth+1)
			// Some of these slices are sets.
			if !contains(v, item) {
				v.Set(reflect.Append(v, item))
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range size(r, depth) {
			key, item := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key, depth+1)
			fill(r, item, depth+1)
			v.SetMapIndex(key, item)
		}
	default:
		panic("cannot fill a " + v.Type().String())
	}
}

func size(r *rand.Rand, depth int) int {
	if depth >= maxDepth {
		return 0
	}
	return r.Intn(4)
}

func contains(slice, item reflect.Value) bool {
	for i := range slice.Len() {
		if reflect.DeepEqual(slice.Index(i).Interface(), item.Interface()) {
			return true
		}
	}
	return false
}

// bits says how many an integer has on the wire: enums are 64 bits long in Go alone.
func bits(t reflect.Type) int {
	if t.Kind() == reflect.Int64 && t.Name() != "int64" {
		return 32
	}
	return t.Bits()
}

func integer(r *rand.Rand, bits int) int64 {
	shift := 64 - bits
	special := []int64{0, 1, -1, math.MaxInt64 >> shift, math.MinInt64 >> shift}
	if i := r.Intn(2 * len(special)); i < len(special) {
		return special[i]
	}
	return int64(r.Uint64()) >> shift
}

func double(r *rand.Rand) float64 {
	special := []float64{
		0, math.Copysign(0, -1), 1, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
	}
	if i := r.Intn(2 * len(special)); i < len(special) {
		return special[i]
	}
	return r.NormFloat64() * math.Pow(10, float64(r.Intn(40)-20))
}

func text(r *rand.Rand) string {
	alphabet := []rune("abcXYZ 09\x00\n\"\\é߿€\ufeff\ufffd日本😈\U0010ffff")
	runes := make([]rune, r.Intn(20)*r.Intn(6))
	for i := range runes {
		runes[i] = alphabet[r.Intn(len(alphabet))]
	}
	return string(runes)
}
