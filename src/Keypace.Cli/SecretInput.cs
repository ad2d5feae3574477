using System.Text;

namespace Keypace.Cli;

/// <summary>
/// Reads secrets from a hidden prompt, a file or standard input: the three places that other users of the machine do not see,
/// unlike the command line. One a command, because standard input can be read once.
/// </summary>
internal sealed class SecretInput(Terminal terminal)
{
    /// <summary>Stands for standard input where a file name is expected.</summary>
    public const string StandardInput = "-";

    /// <summary>Longest secret that is read, in bytes. The longest known, a service account's file, has about 2,400.</summary>
    private const int MostBytes = 64 * 1024;

    private const int MostTextBytes = 4 * 1024 * 1024;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Windows editors and Excel begin a text with one (RFC 3629 section 6); it is a signature, no content.</summary>
    private static readonly byte[] s_byteOrderMark = [0xEF, 0xBB, 0xBF];

    private bool _inWasRead;

    /// <summary>From <paramref name="file"/> if given, else by asking, else from standard input. Never empty.</summary>
    /// <param name="what">What is asked for: "API key of openai".</param>
    /// <param name="file">A path, <c>-</c> for standard input, or null.</param>
    /// <param name="flag">The option that names a file, for the sentence that says what to do.</param>
    /// <param name="ct">Gives the question up.</param>
    public async Task<string> ReadAsync(string what, string? file, string flag, CancellationToken ct)
    {
        var secret = file switch
        {
            null or StandardInput when terminal.CanAsk => (await terminal.AskHidden($"{what}:", ct)).Trim(),
            null or StandardInput when terminal.InIsTerminal => throw CommandFailure.Usage($"{what} is needed, and there is no terminal to ask on. Give a file with {flag}, or pipe it in."),
            null or StandardInput => await ReadInAsync(ct),
            _ => await ReadFileAsync(file, ct),
        };
        return secret.Length > 0
            ? secret
            : throw CommandFailure.Usage($"{what} is empty. Give a file with {flag}, pipe it in, or run the command in a terminal to be asked.");
    }

    /// <summary>By asking, else from standard input; null when nothing is given.</summary>
    public async Task<string?> ReadOptionalAsync(string what, CancellationToken ct)
    {
        var secret = terminal.CanAsk ? (await terminal.AskHidden($"{what}:", ct)).Trim() : terminal.InIsTerminal ? "" : await ReadInAsync(ct);
        return secret.Length > 0 ? secret : null;
    }

    private async Task<string> ReadInAsync(CancellationToken ct)
    {
        if (_inWasRead)
            throw CommandFailure.Usage("Standard input can be read for one secret only; give a file for the others.");

        _inWasRead = true;
        var input = terminal.OpenIn();
        await using (input.ConfigureAwait(false))
        {
            return await ReadToEndAsync(input, "standard input", MostBytes, ct);
        }
    }

    public static Task<string> ReadFileAsync(string path, CancellationToken ct) => ReadFileAsync(path, MostBytes, ct);

    /// <summary>A whole file that holds secrets among other things: at most 4 MiB, UTF-8.</summary>
    public static Task<string> ReadTextAsync(string path, CancellationToken ct) => ReadFileAsync(path, MostTextBytes, ct);

    private static async Task<string> ReadFileAsync(string path, int most, CancellationToken ct)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            await using (file.ConfigureAwait(false))
            {
                return await ReadToEndAsync(file, $"'{path}'", most, ct);
            }
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"Cannot read '{path}': {broken.Message}");
        }
    }

    private static async Task<string> ReadToEndAsync(Stream from, string name, int most, CancellationToken ct)
    {
        var bytes = new byte[most + 1];
        var length = await from.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        if (length > most)
            throw CommandFailure.Usage($"What was read from {name} is longer than {most / 1024} KiB; that is {(most == MostBytes ? "no secret of a hub" : "no file of keys")}.");

        try
        {
            var begin = bytes.AsSpan(0, length).StartsWith(s_byteOrderMark) ? s_byteOrderMark.Length : 0;
            return WithoutLastLineBreak(s_strict.GetString(bytes, begin, length - begin));
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Usage($"What was read from {name} is not text (UTF-8).");
        }
        finally
        {
            Array.Clear(bytes);
        }
    }

    /// <summary>Editors and <c>echo</c> end a file with one; a second one was meant.</summary>
    public static string WithoutLastLineBreak(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
