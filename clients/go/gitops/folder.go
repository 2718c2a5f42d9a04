package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const markAnnotation = "clients.skerry.dev/applied-from"

// ownerOf is the mark of one object: of this folder, and not copied from another object.
func (s settings) ownerOf(key kube.ResourceKey) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{s.path, key.Group, key.Kind, key.Name}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// readFolder gives what is committed: the working copy is not looked at, as Argo CD does not.
func readFolder(ctx context.Context, s settings) ([]*unstructured.Unstructured, string, error) {
	revision, err := git(ctx, s.repository, "rev-parse", "HEAD")
	if err != nil {
		return nil, "", err
	}
	revision = strings.TrimSpace(revision)
	names, err := git(ctx, s.repository, "ls-tree", "-r", "-z", "--name-only", revision, "--", s.path)
	if err != nil {
		return nil, revision, err
	}
	var objects []*unstructured.Unstructured
	for _, name := range strings.Split(names, "\x00") {
		switch path.Ext(name) {
		case ".yaml", ".yml", ".json":
		default:
			continue
		}
		text, err := git(ctx, s.repository, "show", revision+":"+name)
		if err != nil {
			return nil, revision, err
		}
		found, err := kube.SplitYAML([]byte(text))
		if err != nil {
			return nil, revision, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, found...)
	}
	for _, object := range objects {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[markAnnotation] = s.ownerOf(kube.GetResourceKey(object))
		object.SetAnnotations(annotations)
	}
	return objects, revision, nil
}

func git(ctx context.Context, repository string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = repository
	said := &strings.Builder{}
	command.Stderr = said
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, said)
	}
	return string(text), nil
}
