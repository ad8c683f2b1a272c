/*
 * What the shell launcher runs in a guest, for any POSIX shell with the usual small tools. A program's directory
 * holds:
 *
 *   pid         process id and start time of the program, then of its supervisor
 *   stdout.N    its output in pieces, in order; likewise stderr.N
 *   stdout.end  that no more comes
 *   status      the shell's exit code for it, once it has ended and its output is there
 */

const pieceReads = 4_096;
const readBytes = 4_096;
/** Pieces that are kept of each stream: 64 MiB at most. */
const keptPieces = 4;

/** The start time of a process tells it from a later one with the same id. Sets what stat(5) lists from `state` on. */
const stat = `
stat_of() {
  stat=
  while IFS= read -r part || [ -n "$part" ]; do stat="$stat$part "; done 2>/dev/null <"/proc/$1/stat"
  [ -n "$stat" ] || return 1
  set -- \${stat##*) }
  state=$1 session=$4
  shift 19
  began=$1
}
`;

/** Starts a supervisor that outlives this shell, or finds the one of an earlier try. Prints the pid file. */
export const launchScript = `${stat}
dir=$1 supervise=$2
shift 2
for tool in setsid mkfifo dd tail head mv rm cat wc sleep; do
  command -v "$tool" >/dev/null || { echo "the guest has no $tool, which the launcher needs" >&2; exit 1; }
done
stat_of self || { echo "the guest has no /proc, which the launcher needs" >&2; exit 1; }
umask 077
case $dir in */*/*) mkdir -p "\${dir%/*}" ;; esac
if mkdir "$dir" 2>/dev/null; then
  exec 3<&0
  # It holds the other end of this pipe until the program runs, and no longer.
  said=$(setsid sh -c "$supervise" sh "$dir" "$@" <&3 3<&- 2>&1 &)
  [ -s "$dir/pid" ] || { echo "the supervisor has not started: $said" >&2; exit 1; }
else
  [ -d "$dir" ] || { echo "$dir can't be made" >&2; exit 1; }
  tries=0
  until [ -s "$dir/pid" ]; do
    [ "$tries" -lt 20 ] || { echo "$dir is there, and holds no program" >&2; exit 1; }
    tries=$((tries + 1))
    sleep 0.1
  done
fi
cat "$dir/pid"
`;

/** Runs the program in a session of its own, keeps its output, and notes how it ended. */
export const superviseScript = `${stat}
dir=$1
shift
exec 3<&0 </dev/null
mkfifo "$dir/stdout.in" "$dir/stderr.in" || exit 1
# Its place is taken now: the program may fill the disk.
echo 000 >"$dir/status.new" || exit 1

keep() {
  piece=1
  while :; do
    if dd bs=${readBytes} count=${pieceReads} of="$dir/$1.$piece" 2>/dev/null; then
      [ -s "$dir/$1.$piece" ] || break
    else
      # A full disk costs output, never the program, which must not wait for a reader. A number left out says so.
      [ "$(dd bs=1 count=1 2>/dev/null | wc -c)" -gt 0 ] || break
      dd bs=${readBytes} count=${pieceReads} of=/dev/null 2>/dev/null
      piece=$((piece + 1))
    fi
    piece=$((piece + 1))
    rm -f "$dir/$1.$((piece - ${keptPieces}))" "$dir/$1.$((piece - ${keptPieces} - 1))"
  done
  rm -f "$dir/$1.$piece"
  : >"$dir/$1.end"
}

# A redirected function would keep copies of what it was redirected from.
(exec <"$dir/stdout.in" >/dev/null 2>&1 3<&- && keep stdout) &
(exec <"$dir/stderr.in" >/dev/null 2>&1 3<&- && keep stderr) &
setsid "$@" <&3 >"$dir/stdout.in" 2>"$dir/stderr.in" 3<&- &
program=$!
exec 3<&-
stat_of "$program" && mine="$program $began" || mine="$program 0"
stat_of "$$"
echo "$mine $$ $began" >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid" || exit 1
exec >/dev/null 2>&1

wait "$program"
code=$?
# What it wrote last is on its way; what others still hold open is not waited for.
tries=0
until [ -e "$dir/stdout.end" ] && [ -e "$dir/stderr.end" ] || [ "$tries" -ge 20 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
printf '%03d\\n' "$code" 1<>"$dir/status.new" && mv "$dir/status.new" "$dir/status"
wait
`;

/** Waits for the end of the program, or for a while. Prints `status CODE`, `vanished`, `running` or `unknown`. */
export const watchScript = `${stat}
dir=$1 ticks=$2
read -r _ _ supervisor since 2>/dev/null <"$dir/pid" || { echo unknown; exit; }
while :; do
  stat_of "$supervisor" && [ "$began" = "$since" ] && lives=1 || lives=
  if [ -e "$dir/status" ]; then
    read -r code <"$dir/status"
    echo "status $code"
    exit
  fi
  [ -n "$lives" ] || { echo vanished; exit; }
  [ "$ticks" -gt 0 ] || { echo running; exit; }
  ticks=$((ticks - 1))
  sleep 0.1
done
`;

/**
 * Prints output from a position on: lines \`STREAM PIECE OFFSET LENGTH\` with so many bytes behind each, \`lost STREAM
 * PIECE\` where pieces up to that one were given up, and at last \`more\` or \`end\`.
 */
export const readScript = `
dir=$1 ticks=$6 left=$7
out_piece=$2 out_offset=$3 err_piece=$4 err_offset=$5

oldest() {
  found=
  for other in "$dir/$1".[0-9]*; do
    number=\${other##*.}
    [ -e "$other" ] && [ "$number" -gt "$piece" ] || continue
    [ -n "$found" ] && [ "$found" -le "$number" ] || found=$number
  done
  [ -n "$found" ]
}

size_of() {
  set -- $(ls -ln "$1" 2>/dev/null)
  size=\${5:-0}
}

emit() {
  stream=$1
  while [ "$left" -gt 0 ]; do
    file=$dir/$stream.$piece
    if [ ! -e "$file" ]; then
      oldest "$stream" || return 0
      # One that was begun in the meantime is no loss.
      [ -e "$file" ] && continue
      echo "lost $stream $found"
      piece=$found offset=0
      continue
    fi
    oldest "$stream" && later=$found || later=
    size_of "$file"
    length=$((size - offset))
    if [ "$length" -gt 0 ]; then
      [ "$length" -le "$left" ] || length=$left
      echo "$stream $piece $offset $length"
      dd if="$file" bs=4096 skip=$((offset / 4096)) 2>/dev/null |
        tail -c +$((offset % 4096 + 1)) | head -c "$length"
      offset=$((offset + length)) left=$((left - length))
    elif [ -n "$later" ]; then
      [ "$later" -eq $((piece + 1)) ] || echo "lost $stream $later"
      piece=$later offset=0
    else
      return 0
    fi
  done
}

while :; do
  # Looked for first: all output was there before it.
  [ -e "$dir/status" ] && over=1 || over=
  piece=$out_piece offset=$out_offset
  emit stdout
  out_piece=$piece out_offset=$offset
  piece=$err_piece offset=$err_offset
  emit stderr
  err_piece=$piece err_offset=$offset
  [ "$left" -gt 0 ] || { echo more; exit; }
  [ -z "$over" ] || { echo end; exit; }
  [ "$ticks" -gt 0 ] || { echo more; exit; }
  ticks=$((ticks - 1))
  sleep 0.1
done
`;

/**
 * Ends the program and all that is left in its session: asks its process group, waits, kills. Prints \`gone\`, or
 * \`left\` and the process ids of those that even that did not end.
 */
export const stopScript = `${stat}
dir=$1 ticks=$2 claim=$3
if [ ! -s "$dir/pid" ]; then
  # Whoever makes the directory decides whether a launch that is still on its way comes to anything.
  [ -z "$claim" ] || ! mkdir -p "\${dir%/*}" || ! mkdir "$dir" 2>/dev/null || { echo gone; exit; }
  [ -d "$dir" ] || { echo gone; exit; }
  tries=0
  until [ -s "$dir/pid" ] || [ "$tries" -ge 20 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
fi
read -r program since _ _ 2>/dev/null <"$dir/pid" || { echo gone; exit; }

members() {
  found=
  # Another process has the id by now: then nothing of this session is left.
  if stat_of "$program" && [ "$since" != 0 ] && [ "$began" != "$since" ]; then return; fi
  for process in /proc/[0-9]*; do
    stat_of "\${process#/proc/}" || continue
    [ "$session" = "$program" ] && [ "$state" != Z ] && found="$found \${process#/proc/}"
  done
}

members
[ -z "$found" ] || [ "$ticks" -le 0 ] || kill -s TERM -- "-$program" 2>/dev/null
while members; [ -n "$found" ] && [ "$ticks" -gt 0 ]; do
  ticks=$((ticks - 1))
  sleep 0.1
done
tries=0
while members; [ -n "$found" ] && [ "$tries" -lt 30 ]; do
  kill -s KILL -- "-$program" 2>/dev/null
  kill -s KILL $found 2>/dev/null
  tries=$((tries + 1))
  sleep 0.1
done
[ -z "$found" ] && echo gone || echo "left$found"
`;
