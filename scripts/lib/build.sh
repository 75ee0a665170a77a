# shellcheck shell=bash
# Builds with cmake and shows the progress. Source this file.

# Configures the preset once, builds the targets, and keeps all output in build/PRESET/LOG. Prints nothing if that
# takes less than a second; otherwise shows now and then the progress and the remaining time. Returns non-zero on
# failure, after printing the end of the log. Builds of one preset wait for each other.
build_preset() { # PRESET LOG [TARGET…]
  local preset=$1 directory=build/$1 log=build/$1/$2 targets=() builder began shown='' tick=0 line
  shift 2
  (($#)) && targets=(--target "$@")
  mkdir -p "$directory" || return 1
  (
    exec 9>"$directory/.lock" && flock 9 || exit 1
    { [[ -f $directory/build.ninja ]] || cmake --preset "$preset"; } &&
      NINJA_STATUS='[%f/%t] ' cmake --build "$directory" "${targets[@]}"
  ) >"$log" 2>&1 </dev/null &
  builder=$!
  began=$SECONDS
  while kill -0 "$builder" 2>/dev/null; do
    sleep 0.1
    ((++tick < 10 || tick % 50 != 10)) && continue
    line=$(build_progress "$log" "$((SECONDS - began))")
    [[ -z $line || $line == "$shown" ]] || printf '%s\n' "$line"
    shown=$line
  done
  wait "$builder" && return 0
  tail -n 40 "$log" >&2
  printf 'The build failed (all of its output is in %s)\n' "$log" >&2
  return 1
}

# Prints the progress of the build whose output is in LOG, which began SECONDS ago. Prints nothing before the first file.
build_progress() { # LOG SECONDS
  local position done total left
  position=$(grep -o '^\[[0-9]*/[0-9]*\]' "$1" | tail -n 1 | tr -d '[]')
  [[ -n $position ]] || return 0
  done=${position%/*} total=${position#*/} left=''
  if ((done > 0 && $2 >= 5)); then left=$(($2 * (total - done) / done)); fi
  case $left in
    '') printf 'Building: %s of %s files\n' "$done" "$total" ;;
    ? | [1-8]?) printf 'Building: %s of %s files, less than a minute and a half left\n' "$done" "$total" ;;
    *) printf 'Building: %s of %s files, about %s minutes left\n' "$done" "$total" "$(((left + 30) / 60))" ;;
  esac
}
