using System.Buffers;
using System.Text;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Reads InvokeAgent's chunks as they come. A chunk may end inside a letter; what is missing of it comes with the next.</summary>
internal sealed class AgentPieces(string id, string model, AnswerForm form) : NativePieces
{
    private const int MostLetterBytes = 4;

    private readonly EventStreamReader _messages = new();
    private readonly AnswerEvents _answer = form.Events();
    private byte[] _begun = [];   // the first bytes of a letter

    public override void Feed(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
    {
        while (Fault is null && _messages.TryNext(ref piece, out var message))
        {
            if (!AgentAnswers.TryTake(message, out var text, out var fault))
            {
                Fault = fault;
                break;
            }

            if (!_answer.HasBegun)
                _answer.Begin(output, id, model);
            if (text is not null)
                Say(text, output);
        }

        if (_messages.Broken is { } why)
            Fault ??= HubFault.Unreadable(why);
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (Fault is not null)
            return;
        if (!_answer.HasBegun || _messages.IsInside)
        {
            Fault = _messages.IsInside ? HubFault.BrokenOff() : HubFault.Unreadable("A stream of events was expected, and it ended without one.");
            return;
        }

        if (_begun.Length > 0)
            _answer.Say(output, AnswerPart.Text, "\uFFFD");
        _answer.Finish(output, "stop");
        _answer.End(output, null);
        IsWhole = true;
    }

    public override void Dispose() => _answer.Dispose();

    private void Say(byte[] text, IBufferWriter<byte> output)
    {
        byte[] all = _begun.Length == 0 ? text : [.. _begun, .. text];
        var whole = all.Length;
        // A letter that is not all there begins in the last three bytes.
        for (var back = 1; back < MostLetterBytes && back <= all.Length; back++)
        {
            var one = all[^back];
            if ((one & 0xC0) == 0x80)
                continue;
            var needed = one >= 0xF0 ? 4 : one >= 0xE0 ? 3 : one >= 0xC0 ? 2 : 1;
            if (needed > back)
                whole -= back;
            break;
        }

        _begun = all[whole..];
        _answer.Say(output, AnswerPart.Text, Encoding.UTF8.GetString(all.AsSpan(0, whole)));
    }
}
