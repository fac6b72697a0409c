use tokio::{io::AsyncWriteExt, net::unix::WriteHalf, sync::watch};

/// Writes each new acknowledgement, until there can be no more or the client does not want them. A client that is slow to
/// read them gets the newest when it does.
pub(crate) async fn write(mut write: WriteHalf<'_>, mut acked: watch::Receiver<u64>) {
    while acked.changed().await.is_ok() {
        let offset = *acked.borrow_and_update();
        let line = format!("{{\"ack\":{offset}}}\n");
        if write.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
}
