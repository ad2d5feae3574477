using System.Text.Json.Nodes;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.People.SignIn;

/// <summary>
/// Refused sign-ins in the audit: at most one record a minute for each member, and one for all addresses that nobody has, with how many there were. What
/// was typed for an address that nobody has is not repeated: people type passwords there. Written off the request's path, so that no answer takes
/// longer because somebody has the address.
/// </summary>
internal sealed partial class RefusedSignIns : IDisposable
{
    private static readonly TimeSpan _each = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(5);

    /// <summary>Members counted one by one, and so records a minute in all; more are counted together.</summary>
    private const int MostCounted = 100;

    private readonly Store _store;
    private readonly TimeProvider _time;
    private readonly ILogger<RefusedSignIns> _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Counted> _counted = [];

    public RefusedSignIns(Store store, TimeProvider time, ILogger<RefusedSignIns> logger)
    {
        (_store, _time, _logger) = (store, time, logger);
        _timer = time.CreateTimer(static refused => ((RefusedSignIns)refused!).WriteWhatIsDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private sealed class Counted(MemberRow? member)
    {
        public MemberRow? Member => member;
        public DateTimeOffset WrittenAt { get; set; }
        public int Wrong { get; set; }
        public int Locked { get; set; }
        public string From { get; set; } = "";
        public string RequestId { get; set; } = "";
    }

    /// <param name="member">Whose account it was; null where nobody has the address.</param>
    /// <param name="isLocked">Refused without a look at the password.</param>
    public void Note(MemberRow? member, bool isLocked, string from, string requestId)
    {
        lock (_gate)
        {
            var id = member is not null && (_counted.Count < MostCounted - 1 || _counted.ContainsKey(member.Id)) ? member.Id : Guid.Empty;
            if (!_counted.TryGetValue(id, out var counted))
            {
                _counted[id] = counted = new Counted(id == Guid.Empty ? null : member) { WrittenAt = DateTimeOffset.MinValue };
                _timer.Change(_look, _look);
            }

            (counted.From, counted.RequestId) = (from, requestId);
            if (isLocked)
                counted.Locked++;
            else
                counted.Wrong++;
        }

        WriteWhatIsDue();
    }

    public void Dispose() => _timer.Dispose();

    private void WriteWhatIsDue()
    {
        var now = _time.GetUtcNow();
        List<AuditRow> rows = [];
        lock (_gate)
        {
            foreach (var (id, counted) in _counted.ToList())
            {
                if (now - counted.WrittenAt < _each)
                    continue;
                if (counted.Wrong + counted.Locked == 0)
                {
                    _counted.Remove(id);
                    continue;
                }

                rows.Add(ToRow(counted, now));
                (counted.WrittenAt, counted.Wrong, counted.Locked) = (now, 0, 0);
            }

            if (_counted.Count == 0)
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        if (rows.Count > 0)
            _ = WriteAsync(rows);
    }

    private static AuditRow ToRow(Counted counted, DateTimeOffset now)
    {
        var audit = new SetupAudit("system", "keypace", counted.From, counted.RequestId, now);
        return audit.SignInsRefused(counted.Member, new JsonObject { ["wrong_passwords"] = counted.Wrong, ["while_locked"] = counted.Locked });
    }

    private async Task WriteAsync(List<AuditRow> rows)
    {
        await Task.Yield();
        try
        {
            await using var change = await _store.BeginChangeAsync(CancellationToken.None);
            foreach (var row in rows)
            {
                if (row.TeamId == Guid.Empty)
                    row.TeamId = SessionRows.FirstTeam(_store);
                change.Db.Add(row);
            }

            await change.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException or ObjectDisposedException or InvalidOperationException)
        {
            Log.NotWritten(_logger, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Refused sign-ins could not be written to the audit")]
        public static partial void NotWritten(ILogger logger, Exception failure);
    }
}
