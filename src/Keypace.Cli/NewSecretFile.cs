namespace Keypace.Cli;

/// <summary>A file for one secret: made new, readable by its owner alone from its first moment, gone again if nothing was written.</summary>
internal sealed class NewSecretFile : IDisposable
{
    private readonly FileStream _file;
    private bool _isWritten;

    public NewSecretFile(string path)
    {
        Path = path;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        try
        {
            _file = new FileStream(path, options);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"Cannot make '{path}': {broken.Message}");
        }
    }

    public string Path { get; }

    public async Task WriteAsync(string secret, CancellationToken ct)
    {
        await _file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(secret + "\n"), ct);
        _file.Flush(flushToDisk: true);
        _isWritten = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_isWritten)
            File.Delete(Path);
    }
}
