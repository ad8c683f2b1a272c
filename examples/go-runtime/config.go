package main

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

// config is what config.schema.json describes.
type config struct {
	readyTimeout time.Duration
	stopGrace    time.Duration
}

type configField struct {
	lowest, highest float64
	set             func(*config, time.Duration)
}

var configFields = map[string]configField{
	"readyTimeoutMs": {1, 3_600_000, func(c *config, given time.Duration) { c.readyTimeout = given }},
	"stopGraceMs":    {0, 2_000, func(c *config, given time.Duration) { c.stopGrace = given }},
}

// parseConfig names every fault of a config at once (LIFE-3); none at all is an empty one (LIFE-2).
func parseConfig(given *structpb.Struct) (config, error) {
	parsed := config{readyTimeout: 60 * time.Second, stopGrace: 1500 * time.Millisecond}
	var faults []string
	for name, value := range given.GetFields() {
		field, known := configFields[name]
		if !known {
			faults = append(faults, fmt.Sprintf("/%s is not a known field; there are readyTimeoutMs and stopGraceMs", name))
			continue
		}
		number, isNumber := value.GetKind().(*structpb.Value_NumberValue)
		if !isNumber || number.NumberValue != math.Trunc(number.NumberValue) ||
			number.NumberValue < field.lowest || number.NumberValue > field.highest {
			faults = append(faults, fmt.Sprintf("/%s must be a whole number from %.0f to %.0f", name, field.lowest, field.highest))
			continue
		}
		field.set(&parsed, time.Duration(number.NumberValue)*time.Millisecond)
	}
	if len(faults) > 0 {
		sort.Strings(faults)
		return config{}, errors.New("config: " + strings.Join(faults, "; "))
	}
	return parsed, nil
}
