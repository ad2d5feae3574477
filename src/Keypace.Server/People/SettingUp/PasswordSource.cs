using System.Text;
using Keypace.Domain;
using Keypace.Server.Platform;

namespace Keypace.Server.People.SettingUp;

/// <summary>A password from a file, or typed where a person sits at a terminal. Never from the command line, which everybody can list.</summary>
internal static class PasswordSource
{
    private const int MostBytes = 4096;

    /// <summary>Refuses with <c>password_missing</c>.</summary>
    public static async Task<Outcome<string>> ReadAsync(string? file, Surroundings around, CancellationToken ct)
    {
        if (file is not null)
            return await ReadFileAsync(file, ct);
        if (!around.IsTerminal || Console.IsInputRedirected)
            return new Refusal(RefusalReason.Invalid, "password_missing", "A password is needed: put it into a file and name that with --password-file.");

        var first = await AskAsync("Password (15 characters or more): ", around);
        return first == await AskAsync("The same again: ", around)
            ? first
            : new Refusal(RefusalReason.Invalid, "password_missing", "The two passwords differ. Nothing was changed; try again.");
    }

    private static async Task<Outcome<string>> ReadFileAsync(string file, CancellationToken ct)
    {
        try
        {
            if (new FileInfo(file).Length > MostBytes)
                return new Refusal(RefusalReason.Invalid, "password_missing", $"{file} is too large to hold a password only.");
            var text = await File.ReadAllTextAsync(file, new UTF8Encoding(false, throwOnInvalidBytes: true), ct);
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Refusal(RefusalReason.Invalid, "password_missing", $"The password's file cannot be read: {failure.Message}");
        }
        catch (DecoderFallbackException)
        {
            return new Refusal(RefusalReason.Invalid, "password_missing", $"{file} does not hold UTF-8 text.");
        }
    }

    private static async Task<string> AskAsync(string prompt, Surroundings around)
    {
        await around.Errors.WriteAsync(prompt);
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }

        await around.Errors.WriteLineAsync();
        return typed.ToString();
    }
}
