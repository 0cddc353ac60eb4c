#!/bin/sh
# Installs the command `runcomfy` on Linux and macOS: downloads the archive for this machine, compares
# its checksum, and puts the program in place whole or not at all.
#
#   curl -fsSL https://github.com/runcomfy-rs/runcomfy/releases/latest/download/install.sh | sh
#
# Variables:
#   RUNCOMFY_VERSION        version to install, such as 0.1.0 [default: the latest]
#   RUNCOMFY_INSTALL_DIR    folder of the program [default: $HOME/.local/bin]
#   RUNCOMFY_TARGET         target of the archive [default: that of this machine]
#   RUNCOMFY_DOWNLOAD_BASE  address of the releases [default: those on GitHub]
set -eu

base=${RUNCOMFY_DOWNLOAD_BASE:-https://github.com/runcomfy-rs/runcomfy/releases}

fail() {
  printf 'error: %s\n' "$1" >&2
  printf '%s\n' "Nothing was installed.${2:+ $2}" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Prints the target of the archive for this machine.
target() {
  system=$(uname -s)
  machine=$(uname -m)
  if [ "$system" = Darwin ] && [ "$machine" = x86_64 ]; then
    # Under Rosetta `uname` names the emulated processor.
    if [ "$(sysctl -n hw.optional.arm64 2>/dev/null || echo 0)" = 1 ]; then machine=arm64; fi
  fi
  case $machine in
    x86_64 | amd64) processor=x86_64 ;;
    aarch64 | arm64) processor=aarch64 ;;
    *) processor= ;;
  esac
  case $system:$processor in
    # Linked statically, so that it runs with any C library.
    Linux:?*) echo "$processor-unknown-linux-musl" ;;
    Darwin:?*) echo "$processor-apple-darwin" ;;
    *)
      fail "there is no archive for $system on $machine" \
        'With Rust 1.90 or newer, build it: cargo install runcomfy-cli --locked'
      ;;
  esac
}

# Downloads a URL to a file. Plain http is for tests on this machine.
download() {
  case $1 in
    https://*) ;;
    http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "the address $1 is not https" 'RUNCOMFY_DOWNLOAD_BASE sets it.' ;;
  esac
  if has curl; then
    curl -fsSL --retry 2 -o "$2" "$1"
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail 'found neither curl nor wget' 'Install one of them and run the script again.'
  fi
}

# Prints the SHA-256 of a file in hexadecimal.
checksum() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else
    fail 'found none of sha256sum, shasum and openssl, which compare the checksum' \
      'Install one of them and run the script again.'
  fi
}

# The last line calls this, so that a script that is cut off does nothing.
main() {
  target=${RUNCOMFY_TARGET:-$(target)}
  folder=${RUNCOMFY_INSTALL_DIR:-${HOME:?HOME is not set; set RUNCOMFY_INSTALL_DIR}/.local/bin}
  archive=runcomfy-$target.tar.gz
  case ${RUNCOMFY_VERSION:-} in
    '') url=$base/latest/download/$archive ;;
    *) url=$base/download/v${RUNCOMFY_VERSION#v}/$archive ;;
  esac

  work=$(mktemp -d)
  new=
  trap 'rm -rf "$work" ${new:+"$new"}' EXIT
  trap 'exit 130' HUP INT TERM

  echo "downloading $url" >&2
  download "$url" "$work/$archive" ||
    fail "could not download $url" "There may be no archive for $target in this release."
  download "$url.sha256" "$work/$archive.sha256" ||
    fail "could not download the checksum $url.sha256"
  expected=$(cut -d ' ' -f 1 <"$work/$archive.sha256")
  found=$(checksum "$work/$archive")
  [ "$expected" = "$found" ] ||
    fail "the checksum of $archive is $found, expected $expected" 'Run the script again, or report it.'

  tar -xzf "$work/$archive" -C "$work" "runcomfy-$target/runcomfy" ||
    fail "could not unpack $archive"
  program=$work/runcomfy-$target/runcomfy
  version=$("$program" --version) ||
    fail "the program for $target does not run on $(uname -s) on $(uname -m)" \
      'RUNCOMFY_TARGET chooses another archive.'

  mkdir -p "$folder" || fail "could not create the folder $folder" 'RUNCOMFY_INSTALL_DIR chooses another.'
  # A rename within the folder replaces a program that runs, and never leaves half of one.
  new=$folder/.runcomfy.$$
  { cp "$program" "$new" && chmod 755 "$new" && mv -f "$new" "$folder/runcomfy"; } ||
    fail "could not write $folder/runcomfy" 'RUNCOMFY_INSTALL_DIR chooses another folder.'
  new=

  echo "installed $version as $folder/runcomfy"
  case :${PATH:-}: in
    *:"$folder":*) ;;
    *) echo "Add $folder to PATH to call it as runcomfy." ;;
  esac
}

main "$@"
