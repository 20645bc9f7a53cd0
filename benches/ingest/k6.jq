# jq -n -c -f k6.jq FILE: the answer of peers.py, from `k6 run --out json`.
def rank($p): .[[(length * $p | ceil) - 1, 0] | max];
[inputs | select(.metric == "http_req_duration" and .type == "Point") | .data
  | [.tags.name, .value, .tags.expected_response == "false", .time[:19]]] as $points
| ($points | map(.[3]) | [max, min] | map(. + "Z" | fromdate) | .[0] - .[1] + 1) as $span
| $points | group_by(.[0])
| map((map(.[1]) | sort) as $values
  | [.[0][0], length, (map(select(.[2])) | length)] + ($values | [rank(0.5), rank(0.95), rank(0.99)]) + [length / $span])
