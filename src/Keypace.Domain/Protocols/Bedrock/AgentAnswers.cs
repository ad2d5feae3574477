using System.Buffers;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Reads InvokeAgent's answers, which are event streams even when nobody wants to see them grow. AWS counts no tokens in them.</summary>
internal sealed class AgentAnswers(string queryId, string model, AnswerForm form) : NativeAnswers
{
    private readonly string _id = "chatcmpl-" + queryId;

    public override bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault)
    {
        completion = null;
        var messages = new EventStreamReader();
        var text = new ArrayBufferWriter<byte>();
        var rest = body.Span;
        fault = null;
        while (fault is null && messages.TryNext(ref rest, out var message))
        {
            if (TryTake(message, out var piece, out fault) && piece is not null)
                text.Write(piece);
        }

        if (fault is null && messages.Broken is { } why)
            fault = HubFault.Unreadable(body.Span.TrimStart(" \t\r\n"u8) is [(byte)'<' or (byte)'{', ..] ? $"A stream of events was expected, and {HubFault.Describe(body.Span)} came." : why);
        if (fault is null && (messages.IsInside || body.IsEmpty))
            fault = body.IsEmpty ? HubFault.Unreadable("A stream of events was expected, and an empty body came.") : HubFault.BrokenOff();
        if (fault is not null)
            return false;
        var whole = new WholeAnswer(_id, model);
        whole.Say(AnswerPart.Text, Encoding.UTF8.GetString(text.WrittenSpan));
        completion = form.Write(whole);
        return true;
    }

    public override NativePieces Pieces() => new AgentPieces(_id, model, form);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body) => AwsFaults.Of(status, headerOf, body);

    /// <summary>The text that an event brings; null for one that brings none.</summary>
    internal static bool TryTake(EventMessage message, out byte[]? text, out HubFault? fault)
    {
        (text, fault) = (null, null);
        if (message.Type != "event")
        {
            fault = AwsFaults.Of(message);
            return false;
        }

        switch (message.Name)
        {
            case "chunk":
                using (var document = JsonMembers.TryParse(message.Payload))
                {
                    if (document?.RootElement.TextElement("bytes") is { } bytes && bytes.TryGetBytesFromBase64(out text))
                        return true;
                }

                fault = HubFault.Unreadable("A chunk of the agent's answer has no bytes that can be read.");
                return false;
            case "returnControl":
                fault = HubFault.Unreadable("The agent hands control back to its caller (returnControl), which a chat completion has no place for.");
                return false;
            case "files":
                fault = HubFault.Unreadable("The agent answers with files, which a chat completion has no place for.");
                return false;
            default:
                return true;   // traces, and kinds of events that are still to come
        }
    }
}
