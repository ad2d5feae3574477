using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Hubs.PlainJson;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.PlainJson;

/// <summary>Finds the answer's text in a JSON answer. A caller who wanted a stream gets it as one chunk: such an endpoint answers whole.</summary>
/// <param name="pathText">The path as the key has it, for messages.</param>
internal sealed class PlainJsonAnswers(AnswerPath path, string pathText, string id, string model, AnswerForm form) : NativeAnswers
{
    private string Id { get; } = id;

    private string Model { get; } = model;

    private AnswerForm Form { get; } = form;

    public override bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault)
    {
        completion = null;
        if (!TryFind(body, out var text, out fault))
            return false;
        var whole = new WholeAnswer($"chatcmpl-{Id}", Model);
        whole.Say(AnswerPart.Text, text);
        completion = Form.Write(whole);
        return true;
    }

    public override NativePieces Pieces() => new Collected(this);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body)
    {
        if (status < 400)
            return HubFault.Unreadable($"Instead of JSON it sent {HubFault.Describe(body.Span)} with the status {status}.");
        var fitting = status > 599 ? 502 : status;
        using var document = JsonMembers.TryParse(body);
        var words = Words(document?.RootElement) ?? $"It sent {HubFault.Describe(body.Span)}.";
        return new HubFault(fitting, HubFault.TypeOf(fitting), "hub_error", HubFault.Cleaned(words));
    }

    /// <summary>An error's words in the shapes that are common: a text, or an object with a message.</summary>
    private static string? Words(JsonElement? root) =>
        root.Child("error").Text("message") ?? root.Text("error") ?? root.Text("message") ?? root.Text("detail");

    private bool TryFind(ReadOnlyMemory<byte> body, out string text, out HubFault? fault)
    {
        text = "";
        using var document = JsonMembers.TryParse(body);
        if (document is null)
        {
            fault = HubFault.Unreadable($"JSON was expected, and {HubFault.Describe(body.Span)} came.");
            return false;
        }

        if (path.TextIn(document.RootElement) is { } found)
        {
            (text, fault) = (found, null);
            return true;
        }

        fault = Words(document.RootElement) is { } words
            ? new HubFault(502, "api_error", "hub_error", HubFault.Cleaned(words))
            : HubFault.Unreadable($"There is no text at {pathText} in its answer. Check the key's path to the answer.");
        return false;
    }

    private sealed class Collected(PlainJsonAnswers answers) : NativePieces
    {
        /// <summary>Longest answer, in bytes.</summary>
        private const int MostBytes = 16 * 1024 * 1024;

        private readonly ArrayBufferWriter<byte> _all = new();

        public override void Feed(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
        {
            if (Fault is not null)
                return;
            if (_all.WrittenCount + piece.Length > MostBytes)
                Fault = HubFault.Unreadable($"It is longer than {MostBytes / (1024 * 1024)} MiB.");
            else
                _all.Write(piece);
        }

        public override void End(IBufferWriter<byte> output)
        {
            if (Fault is not null)
                return;
            if (!answers.TryFind(_all.WrittenMemory, out var text, out var fault))
            {
                Fault = fault;
                return;
            }

            using var said = answers.Form.Events();
            said.Begin(output, $"chatcmpl-{answers.Id}", answers.Model);
            said.Say(output, AnswerPart.Text, text);
            said.Finish(output, "stop");
            said.End(output, null);
            IsWhole = true;
        }

        public override void Dispose()
        {
        }
    }
}
