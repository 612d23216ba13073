// Go's runtime and standard library on WASI, widely:   std all DIRECTORY | pipe | exit CODE | panic | deadlock | fill |
// loop | sleep
//
// Prints what it saw, for test/programs/run to compare with go.out; nothing differs from run to run.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

func try[T any](value T, err error) T {
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

func goroutines() {
	numbers, sums := make(chan int), make(chan int)
	var workers sync.WaitGroup
	for range 100 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			sum := 0
			for n := range numbers {
				sum += n
				runtime.Gosched()
			}
			sums <- sum
		}()
	}
	go func() {
		for n := range 10_000 {
			numbers <- n
		}
		close(numbers)
		workers.Wait()
		close(sums)
	}()
	total := 0
	for sum := range sums {
		total += sum
	}
	fmt.Println("goroutines", total)

	var mutex sync.Mutex
	var order []string
	var sleepers sync.WaitGroup
	for _, delay := range []int{60, 20, 40} {
		sleepers.Add(1)
		time.AfterFunc(time.Duration(delay)*time.Millisecond, func() {
			mutex.Lock()
			order = append(order, strconv.Itoa(delay))
			mutex.Unlock()
			sleepers.Done()
		})
	}
	sleepers.Wait()
	fmt.Println("timers", order)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	ticker, ticks := time.NewTicker(5*time.Millisecond), 0
	for done := false; !done; {
		select {
		case <-ticker.C:
			ticks++
		case <-ctx.Done():
			done = true
		}
	}
	fmt.Println("select", ticks > 0, ctx.Err())
	started := time.Now()
	time.Sleep(30 * time.Millisecond)
	fmt.Println("slept", time.Since(started) >= 30*time.Millisecond, time.Now().Year() > 2020)
	defer func() { fmt.Println("recovered", recover()) }()
	var none []int
	fmt.Println(none[len(order)])
}

func garbage() {
	type node struct {
		left, right *node
		text        string
	}
	var tree func(depth int) *node
	tree = func(depth int) *node {
		if depth == 0 {
			return &node{text: strconv.Itoa(depth)}
		}
		return &node{tree(depth - 1), tree(depth - 1), strings.Repeat("x", depth)}
	}
	kept, count := tree(12), 0
	for range 20 {
		tree(12)
	}
	var visit func(*node)
	visit = func(n *node) {
		if n != nil {
			count++
			visit(n.left)
			visit(n.right)
		}
	}
	runtime.GC()
	visit(kept)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	words := map[string]int{}
	for n := range 20_000 {
		words[strconv.Itoa(n%5000)] += n
	}
	fmt.Println("garbage", count, memory.NumGC > 1, memory.HeapAlloc < 16<<20, len(words), words["4711"])
}

func libraries() {
	fmt.Printf("%x\n", sha256.Sum256([]byte("x")))
	var value map[string]any
	must(json.Unmarshal([]byte(`{"a":[1,2,{"b":null}],"c":"\u00e9"}`), &value))
	fmt.Println(string(try(json.Marshal(value))), regexp.MustCompile(`\w+`).FindAllString("a bc d", -1))
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	try(writer.Write(bytes.Repeat([]byte("pack "), 10_000)))
	must(writer.Close())
	unpacked := try(io.ReadAll(try(gzip.NewReader(&packed))))
	fmt.Println(len(unpacked), new(big.Int).Exp(big.NewInt(3), big.NewInt(200), nil))
	a, b := make([]byte, 16), make([]byte, 16)
	try(rand.Read(a))
	try(rand.Read(b))
	fmt.Println("random", !bytes.Equal(a, b), os.Args[1:], os.Getenv("HOME"), runtime.GOOS, runtime.GOARCH)
}

func files(directory string) {
	must(os.Chdir(directory))
	must(os.MkdirAll("d/e", 0o777))
	must(os.WriteFile("d/a", bytes.Repeat([]byte("hello\n"), 10), 0o666))
	must(os.Rename("d/a", "d/e/b"))
	must(os.Symlink("e/b", "d/l"))
	fmt.Println(try(os.Readlink("d/l")), len(try(os.ReadFile("d/l"))), try(os.Stat("d/e/b")).Size())
	file := try(os.OpenFile("d/e/b", os.O_RDWR|os.O_APPEND, 0))
	try(file.WriteString("end"))
	must(file.Sync())
	must(file.Truncate(70))
	fmt.Println(try(file.Seek(-10, io.SeekEnd)), string(try(io.ReadAll(file))[:3]))
	must(file.Close())
	must(os.Chtimes("d/e/b", time.Unix(5, 0), time.Unix(6, 0)))
	fmt.Println(try(os.Stat("d/e/b")).ModTime().Unix())
	for n := range 500 {
		try(os.Create(fmt.Sprintf("d/e/%03d", n))).Close()
	}
	names := []string{}
	must(filepath.WalkDir("d", func(path string, entry fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	sort.Strings(names)
	fmt.Println(len(names), names[:4], names[len(names)-2:])
	for _, name := range []string{"d/none", "../../etc/passwd", "/etc/passwd", "d/e/b/", "/ro/hello.c/x"} {
		_, err := os.ReadFile(name)
		fmt.Println(name, err)
	}
	fmt.Println(os.Mkdir("d/e", 0o777), os.Remove("d/e"), os.WriteFile("/ro/new", nil, 0o666) != nil)
	must(os.RemoveAll("d"))
	_, err := os.Stat("d")
	fmt.Println(errors.Is(err, fs.ErrNotExist), len(try(os.ReadFile("/ro/hello.c"))) > 0)
}

func main() {
	switch os.Args[1] {
	case "all":
		goroutines()
		garbage()
		libraries()
		files(os.Args[2])
	case "pipe":
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			fmt.Println(strings.ToUpper(lines.Text()))
		}
	case "exit":
		os.Exit(try(strconv.Atoi(os.Args[2])))
	case "panic":
		panic("at the disco")
	case "deadlock":
		<-make(chan int)
	case "fill":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
		}
	case "loop":
		go func() {
			for {
			}
		}()
		select {}
	case "sleep":
		time.Sleep(1 << 62)
	}
}
