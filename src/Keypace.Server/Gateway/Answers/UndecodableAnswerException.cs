namespace Keypace.Server.Gateway.Answers;

/// <summary>The answer came, but what it is cannot be known here.</summary>
/// <param name="why">For the caller, in a few words of ours, such as "its body is not what its Content-Encoding says".</param>
internal sealed class UndecodableAnswerException(string why, Exception? cause = null) : IOException(why, cause)
{
    public string Why => Message;
}

/// <summary>The body of an answer whose coding or charset is not known here.</summary>
internal sealed class UndecodableStream(string why) : AnswerStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromException<int>(new UndecodableAnswerException(why));
}
