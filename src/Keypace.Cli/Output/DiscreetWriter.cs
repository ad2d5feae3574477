using System.Text;
using Keypace.Domain.Keys;

namespace Keypace.Cli.Output;

/// <summary>
/// Standard error of a command: whatever is said there, and by whomever, repeats no word of the command line that may be a secret. Standard error is
/// often kept, in logs of cron and CI.
/// </summary>
internal sealed class DiscreetWriter(TextWriter inner, TypedWords typed) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(value);

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value) => inner.Write(value is null ? null : typed.Without(value));

    public override void WriteLine(string? value) => inner.WriteLine(value is null ? null : typed.Without(value));

    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override void Flush() => inner.Flush();
}
