package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// luaHealth is a script for each GROUP_KIND. It judges by the scripts that Argo CD's resource customizations hold, in the interpreter
// that Argo CD uses, so that what docs/gitops.md tells people to configure is what is tried.
type luaHealth map[string]string

const healthPrefix = "resource.customizations.health."

// loadHealth reads what stands in the data of Argo CD's ConfigMap argocd-cm.
func loadHealth(path string) (luaHealth, error) {
	scripts := luaHealth{}
	if path == "" {
		return scripts, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config struct {
		Data map[string]string `json:"data"`
	}
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		return nil, err
	}
	for key, script := range config.Data {
		if kind, ok := strings.CutPrefix(key, healthPrefix); ok {
			scripts[kind] = script
		}
	}
	return scripts, nil
}

// GetResourceHealth is called for every object; nil leaves it to the engine's own rules.
func (l luaHealth) GetResourceHealth(object *unstructured.Unstructured) (*health.HealthStatus, error) {
	kind := object.GroupVersionKind()
	script, ok := l[kind.Group+"_"+kind.Kind]
	if !ok {
		return nil, nil
	}
	state := lua.NewState()
	defer state.Close()
	state.SetGlobal("obj", toLua(state, object.Object))
	if err := state.DoString(script); err != nil {
		return nil, fmt.Errorf("health of %s: %w", kind.Kind, err)
	}
	told, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("health of %s: the script returned no table", kind.Kind)
	}
	return &health.HealthStatus{
		Status:  health.HealthStatusCode(told.RawGetString("status").String()),
		Message: lua.LVAsString(told.RawGetString("message")),
	}, nil
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for name, member := range value {
			table.RawSetString(name, toLua(state, member))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(state, item))
		}
		return table
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	default:
		return lua.LNil
	}
}
