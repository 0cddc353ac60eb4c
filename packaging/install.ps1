# Installs the command `runcomfy` on Windows: downloads the archive for this machine, compares its
# checksum, and puts the program in place whole or not at all.
#
#   irm https://github.com/runcomfy-rs/runcomfy/releases/latest/download/install.ps1 | iex
#
# Variables:
#   RUNCOMFY_VERSION        version to install, such as 0.1.0 [default: the latest]
#   RUNCOMFY_INSTALL_DIR    folder of the program [default: %LOCALAPPDATA%\Programs\runcomfy]
#   RUNCOMFY_TARGET         target of the archive [default: that of this machine]
#   RUNCOMFY_DOWNLOAD_BASE  address of the releases [default: those on GitHub]

# A function, so that a script that is cut off does nothing, and that no setting of the caller changes.
function Install-Runcomfy {
    $ErrorActionPreference = 'Stop'
    # The progress bar of Windows PowerShell makes a download many times slower.
    $ProgressPreference = 'SilentlyContinue'
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

    function Stop-Install([string]$What, [string]$Advice) {
        throw "error: $What`nNothing was installed. $Advice"
    }

    $base = $env:RUNCOMFY_DOWNLOAD_BASE
    if (-not $base) { $base = 'https://github.com/runcomfy-rs/runcomfy/releases' }
    if ($base -notmatch '^(https://|http://(127\.0\.0\.1|localhost):)') {
        Stop-Install "the address $base is not https" 'RUNCOMFY_DOWNLOAD_BASE sets it.'
    }

    $target = $env:RUNCOMFY_TARGET
    if (-not $target) {
        # A 32-bit process on a 64-bit system names the system's processor in the second variable.
        $machine = $env:PROCESSOR_ARCHITEW6432
        if (-not $machine) { $machine = $env:PROCESSOR_ARCHITECTURE }
        switch ($machine) {
            'AMD64' { $target = 'x86_64-pc-windows-msvc' }
            'ARM64' { $target = 'aarch64-pc-windows-msvc' }
            default {
                Stop-Install "there is no archive for Windows on $machine" 'With Rust 1.90 or newer, build it: cargo install runcomfy-cli --locked'
            }
        }
    }

    $folder = $env:RUNCOMFY_INSTALL_DIR
    if (-not $folder) { $folder = Join-Path $env:LOCALAPPDATA 'Programs\runcomfy' }
    $archive = "runcomfy-$target.zip"
    if ($env:RUNCOMFY_VERSION) {
        $url = "$base/download/v$($env:RUNCOMFY_VERSION.TrimStart('v'))/$archive"
    } else {
        $url = "$base/latest/download/$archive"
    }

    $work = Join-Path ([IO.Path]::GetTempPath()) ("runcomfy-" + [Guid]::NewGuid())
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        $file = Join-Path $work $archive
        Write-Host "downloading $url"
        try {
            Invoke-WebRequest -UseBasicParsing -Uri $url -OutFile $file
            Invoke-WebRequest -UseBasicParsing -Uri "$url.sha256" -OutFile "$file.sha256"
        } catch {
            Stop-Install "could not download ${url}: $_" "There may be no archive for $target in this release."
        }
        $expected = ((Get-Content -Raw "$file.sha256") -split '\s+')[0]
        $found = (Get-FileHash -Algorithm SHA256 $file).Hash
        if ($found -ne $expected) {
            Stop-Install "the checksum of $archive is $($found.ToLower()), expected $expected" 'Run the script again, or report it.'
        }
        Expand-Archive -Path $file -DestinationPath $work
        $program = Join-Path $work "runcomfy-$target\runcomfy.exe"
        $version = & $program --version
        if ($LASTEXITCODE -ne 0) {
            Stop-Install "the program for $target does not run on this machine" 'RUNCOMFY_TARGET chooses another archive.'
        }
        New-Item -ItemType Directory -Force -Path $folder | Out-Null
        # A move within the folder never leaves half of a program.
        $new = Join-Path $folder ".runcomfy-$PID.exe"
        $installed = Join-Path $folder 'runcomfy.exe'
        try {
            Copy-Item $program $new
            Move-Item -Force $new $installed
        } finally {
            Remove-Item -Force -ErrorAction SilentlyContinue $new
        }
        Write-Host "installed $version as $installed"
    } finally {
        Remove-Item -Recurse -Force -ErrorAction SilentlyContinue $work
    }

    # Read and written as it is: variables in other entries are not expanded. A new user has no `Path`.
    $key = 'registry::HKEY_CURRENT_USER\Environment'
    $path = (Get-Item -LiteralPath $key).GetValue('Path', '', 'DoNotExpandEnvironmentNames')
    $entries = @($path -split ';' | Where-Object { $_ })
    if ($entries -notcontains $folder) {
        Set-ItemProperty -LiteralPath $key -Name Path -Type ExpandString -Value (($entries + $folder) -join ';')
        # Windows announces a change of a variable that is set in this way alone.
        $announce = "runcomfy-$([Guid]::NewGuid())"
        [Environment]::SetEnvironmentVariable($announce, '1', 'User')
        [Environment]::SetEnvironmentVariable($announce, [NullString]::Value, 'User')
        Write-Host "added $folder to your PATH; open a new terminal to call it as runcomfy"
    }
}

Install-Runcomfy
