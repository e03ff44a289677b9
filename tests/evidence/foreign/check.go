// Command check holds the files of a bundle against Go's own libraries of transparency logs:
// the checkpoint's signature, the root of the leaves, an inclusion proof, consistency proofs.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: check FOLDER KEY")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

type tree struct {
	size int64
	root tlog.Hash
}

func check(folder, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	head, err := open(filepath.Join(folder, "checkpoint"), verifier)
	if err != nil {
		return err
	}
	leaves, err := leafHashes(filepath.Join(folder, "events.jsonl"))
	if err != nil {
		return err
	}
	if int64(len(leaves)) != head.size {
		return fmt.Errorf("count: %d leaves, the checkpoint says %d", len(leaves), head.size)
	}
	stored, err := store(leaves)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(head.size, stored)
	if err != nil {
		return err
	}
	if root != head.root {
		return fmt.Errorf("root: the leaves give %v", root)
	}
	if err := checkInclusion(folder, verifier, leaves); err != nil {
		return err
	}
	return checkConsistency(folder, verifier)
}

func open(path string, verifier note.Verifier) (tree, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tree{}, err
	}
	return openText(text, verifier)
}

func openText(text []byte, verifier note.Verifier) (tree, error) {
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tree{size, root}, err
}

func leafHashes(path string) ([]tlog.Hash, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var hashes []tlog.Hash
	for _, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if !bytes.HasPrefix(line, []byte(`{"$redacted":`)) {
			hashes = append(hashes, tlog.RecordHash(line))
			continue
		}
		var redacted struct {
			Hash string `json:"$redacted"`
		}
		if err := json.Unmarshal(line, &redacted); err != nil {
			return nil, err
		}
		hash, err := tlog.ParseHash(redacted.Hash)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func store(leaves []tlog.Hash) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return reader, nil
}

// checkInclusion reads a file tlog-proof, as visitors keep it.
func checkInclusion(folder string, verifier note.Verifier, leaves []tlog.Hash) error {
	text, err := os.ReadFile(filepath.Join(folder, "event.tlog-proof"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := hashes(lines[2:])
	if err != nil {
		return err
	}
	signed, err := openText([]byte(checkpoint), verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, signed.size, signed.root, index, leaves[index])
}

func checkConsistency(folder string, verifier note.Verifier) error {
	paths, err := filepath.Glob(filepath.Join(folder, "consistency", "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		older, newer, _ := strings.Cut(filepath.Base(path), "-")
		old, err := open(filepath.Join(folder, "checkpoints", older), verifier)
		if err != nil {
			return err
		}
		next, err := open(filepath.Join(folder, "checkpoints", newer), verifier)
		if os.IsNotExist(err) {
			next, err = open(filepath.Join(folder, "checkpoint"), verifier)
		}
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		proof, err := hashes(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
		if err != nil {
			return err
		}
		err = tlog.CheckTree(tlog.TreeProof(proof), next.size, next.root, old.size, old.root)
		if err != nil {
			return fmt.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	return nil
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		data, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(data) != tlog.HashSize {
			return nil, fmt.Errorf("not a hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], data)
		found = append(found, hash)
	}
	return found, nil
}
