package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
)

// applied is what `informer apply` found out, one word each.
type applied struct {
	Data          map[string]string `json:"data"`
	Managers      []string          `json:"managers"`
	Conflict      string            `json:"conflict"`
	AfterForce    map[string]string `json:"afterForce"`
	Extracted     map[string]string `json:"extracted"`
	AfterOmission map[string]string `json:"afterOmission"`
	Dynamic       map[string]any    `json:"dynamic"`
	Metadata      string            `json:"metadata"`
}

// apply has two managers apply one ConfigMap with typed apply configurations, and a Site with the dynamic client.
func apply(ctx context.Context, args []string) error {
	c := newCommon("apply")
	name := c.set.String("name", "applied", "name of the objects")
	out := c.set.String("out", "", "the result as JSON; by default on stdout")
	if err := c.set.Parse(args); err != nil {
		return err
	}
	if *c.namespace == "" {
		*c.namespace = "default"
	}
	found := &applied{}
	if err := applyTyped(ctx, c, *name, found); err != nil {
		return err
	}
	if err := applyDynamic(ctx, c, *name, found); err != nil {
		return err
	}
	return writeJSON(*out, found)
}

func applyTyped(ctx context.Context, c common, name string, found *applied) error {
	config, err := c.typedConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	maps := client.CoreV1().ConfigMaps(*c.namespace)
	with := func(data map[string]string) *corev1.ConfigMapApplyConfiguration {
		return corev1.ConfigMap(name, *c.namespace).WithData(data)
	}
	one := metav1.ApplyOptions{FieldManager: "one"}
	two := metav1.ApplyOptions{FieldManager: "two"}
	if _, err := maps.Apply(ctx, with(map[string]string{"a": "1", "b": "1"}), one); err != nil {
		return fmt.Errorf("first apply: %w", err)
	}
	both, err := maps.Apply(ctx, with(map[string]string{"c": "2"}), two)
	if err != nil {
		return fmt.Errorf("second manager: %w", err)
	}
	found.Data = both.Data
	for _, entry := range both.ManagedFields {
		found.Managers = append(found.Managers, entry.Manager+" "+string(entry.Operation))
	}
	_, err = maps.Apply(ctx, with(map[string]string{"a": "2"}), two)
	if !apierrors.IsConflict(err) {
		return fmt.Errorf("a conflict was expected, there came %v", err)
	}
	found.Conflict = err.Error()
	two.Force = true
	forced, err := maps.Apply(ctx, with(map[string]string{"a": "2"}), two)
	if err != nil {
		return fmt.Errorf("forced: %w", err)
	}
	found.AfterForce = forced.Data
	extracted, err := corev1.ExtractConfigMap(forced, "one")
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	found.Extracted = extracted.Data
	omitted, err := maps.Apply(ctx, with(map[string]string{"d": "4"}), one)
	if err != nil {
		return fmt.Errorf("with a field left out: %w", err)
	}
	found.AfterOmission = omitted.Data
	return nil
}

func applyDynamic(ctx context.Context, c common, name string, found *applied) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	gvr := schema.GroupVersionResource{Group: "skerry.dev", Version: "v1alpha1", Resource: "sites"}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	site := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "skerry.dev/v1alpha1",
		"kind":       "Site",
		"metadata":   map[string]any{"name": name},
		"spec":       map[string]any{"timeZone": "Europe/Oslo", "variables": map[string]any{"till": "7"}},
	}}
	options := metav1.ApplyOptions{FieldManager: "one"}
	made, err := client.Resource(gvr).Namespace(*c.namespace).Apply(ctx, name, site, options)
	if err != nil {
		return fmt.Errorf("dynamic apply: %w", err)
	}
	found.Dynamic, _, err = unstructured.NestedMap(made.Object, "spec")
	if err != nil {
		return err
	}
	partial, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	seen, err := partial.Resource(gvr).Namespace(*c.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("metadata client: %w", err)
	}
	found.Metadata = seen.Kind + " " + seen.Name
	return nil
}
